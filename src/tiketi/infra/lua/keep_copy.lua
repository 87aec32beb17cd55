-- Keeps a copy of what the database said, unless that was changed since it was asked.
-- KEYS[1] the copy   KEYS[2] its generation
-- ARGV: name, generation when the database was asked, when that was (ms, by the store's clock),
--       how long it is kept (ms), content
-- Reply: 1 kept, 0 not
if (redis.call('HGET', KEYS[2], 'n') or '0') ~= ARGV[2] then return 0 end
local kept = redis.call('HMGET', KEYS[1], 'name', 'generation', 'true_at')
if kept[1] == ARGV[1] and kept[2] == ARGV[2] and tonumber(kept[3]) > tonumber(ARGV[3]) then
  local time = redis.call('TIME')
  if tonumber(kept[3]) <= time[1] * 1000 + math.floor(time[2] / 1000) then return 0 end
end
redis.call('HSET', KEYS[1], 'name', ARGV[1], 'generation', ARGV[2], 'true_at', ARGV[3],
  'content', ARGV[5])
redis.call('HDEL', KEYS[1], 'lease', 'lease_of', 'holder')
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
