-- A copy of what the database said, and whether the caller is the one to read it anew.
-- KEYS[1] the copy   KEYS[2] its generation: how often what it was read from was changed
-- ARGV: the copy's name, stamp that the caller has ('' for none), fresh ms, lease ms, a text of
--       the caller's own for this call
-- Reply: {0 none | 1 of before a change | 2 current, age ms, 1 to read | 0, now ms, generation,
--         ms since the last change (-1: none known), stamp, content ('' when the caller has it)}
-- Several names may share a place: what another left there is none.
local name, known, fresh, lease, token = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local changes = redis.call('HMGET', KEYS[2], 'n', 'at')
local generation = changes[1] or '0'
local since = changes[2] and math.max(0, now - tonumber(changes[2])) or -1
local kept = redis.call('HMGET', KEYS[1], 'name', 'generation', 'true_at', 'lease', 'lease_of', 'holder')

local state, age, stamp, content = 0, 0, '', ''
if kept[1] == name and kept[3] then
  age = now - tonumber(kept[3])
  -- A clock that went back far would make the copy fresh for as long.
  if age < -fresh then age = fresh end
  state = kept[2] == generation and 2 or 1
  stamp = kept[2] .. ':' .. kept[3]
  if stamp ~= known then content = redis.call('HGET', KEYS[1], 'content') end
end

local reads = 0
if state < 2 or age >= fresh then
  local lease_of, lease_until = generation .. ':' .. name, tonumber(kept[4])
  if not lease_until or lease_until <= now or lease_until > now + lease
      or kept[5] ~= lease_of or kept[6] == token then
    redis.call('HSET', KEYS[1], 'lease', string.format('%d', now + lease), 'lease_of', lease_of,
      'holder', token)
    if not kept[3] then redis.call('PEXPIRE', KEYS[1], lease) end
    reads = 1
  end
end
return {state, string.format('%d', math.max(0, age)), reads, string.format('%d', now), generation,
  string.format('%d', since), stamp, content}
