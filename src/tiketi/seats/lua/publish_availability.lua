-- Keeps an event's availability as just computed; its version grows when the content changed.
-- KEYS[1] the event's availability
-- ARGV: when it was true (ms, by the store's clock), digest, content, version that the caller has
-- Reply: {version, 1}, or {version, 0, content} when a later one was kept already
-- Versions begin at the time, so that those after a loss are above those before it.
local true_at, digest, known = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local entry = redis.call('HMGET', KEYS[1], 'version', 'true_at', 'digest')
local version, kept_at = tonumber(entry[1]), tonumber(entry[2])
if version and kept_at > true_at and kept_at <= now then
  return {string.format('%d', version), 0, redis.call('HGET', KEYS[1], 'content')}
end
if not version then
  version = math.max(now, known + 1)
elseif entry[3] ~= digest then
  version = math.max(version, known) + 1
end
redis.call('HSET', KEYS[1], 'version', string.format('%d', version), 'true_at', ARGV[1],
  'digest', digest, 'content', ARGV[3])
redis.call('HDEL', KEYS[1], 'lease', 'holder')
redis.call('PEXPIRE', KEYS[1], 600000)
return {string.format('%d', version), 1}
