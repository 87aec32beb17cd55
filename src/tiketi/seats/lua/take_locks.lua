-- Locks seats of one section for one owner, all or none.
-- KEYS[1] the section's locked seats; KEYS[2..] one key a seat
-- ARGV: user, lock id, ttl ms, longest life ms, 1 to take one's own seats from another
--       lock of one's own, then the seat indexes in the order of their keys
-- Reply: {'taken', index, …} and nothing changed | {'own', lock id} all seats are already the
--        user's under that one lock, nothing changed | {'ok', expires at ms}
-- A seat's value is user:lock:deadline. A deadline is inherited from a lock taken over, so that no
-- chain of locks outlives it. Repeating the script with the same lock id changes nothing more.
local user, lock_id = ARGV[1], ARGV[2]
local ttl, force = tonumber(ARGV[3]), ARGV[5] == '1'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local deadline = now + tonumber(ARGV[4])

local taken, one_lock, free = {'taken'}, nil, 0
for i = 2, #KEYS do
  local value = redis.call('GET', KEYS[i])
  if not value then
    free = free + 1
  else
    local owner, lock, until_ms = string.match(value, '^([^:]+):([^:]+):(%d+)$')
    if owner ~= user then
      taken[#taken + 1] = ARGV[i + 4]
    else
      deadline = math.min(deadline, tonumber(until_ms))
      if one_lock == nil then one_lock = lock elseif one_lock ~= lock then one_lock = false end
    end
  end
end
if #taken > 1 then return taken end
if free == 0 and one_lock and one_lock ~= lock_id and not force then return {'own', one_lock} end

local expires = math.min(now + ttl, deadline)
for i = 2, #KEYS do
  redis.call('SET', KEYS[i], string.format('%s:%s:%d', user, lock_id, deadline), 'PXAT', expires)
  redis.call('ZADD', KEYS[1], expires, ARGV[i + 4])
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('PEXPIREAT', KEYS[1], math.max(expires, now + 600000))
return {'ok', string.format('%d', expires)}
