-- Renews a lock's seats of one section, all or none, never beyond the lock's deadline.
-- KEYS[1] the section's locked seats; KEYS[2..] one key a seat
-- ARGV: user, lock id, ttl ms, then the seat indexes in the order of their keys
-- Reply: expires at ms | 0 when any seat is no longer this lock's, nothing changed
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local owner, deadline = ARGV[1] .. ':' .. ARGV[2] .. ':', math.huge
for i = 2, #KEYS do
  local value = redis.call('GET', KEYS[i])
  if not value or string.sub(value, 1, #owner) ~= owner then return 0 end
  deadline = math.min(deadline, tonumber(string.sub(value, #owner + 1)))
end
local expires = math.min(now + tonumber(ARGV[3]), deadline)
for i = 2, #KEYS do
  redis.call('PEXPIREAT', KEYS[i], expires)
  redis.call('ZADD', KEYS[1], expires, ARGV[i + 2])
end
redis.call('PEXPIREAT', KEYS[1], math.max(expires, now + 600000))
return string.format('%d', expires)
