-- What is known of an event's availability, and whether the caller is the one to compute it anew.
-- KEYS[1] the event's availability
-- ARGV: version that the caller has (0: none), fresh ms, lease ms, a text of its own for this call
-- Reply: {version (0: none), age ms, 1 to compute | 0, now ms, content ('' when the caller has it)}
-- A caller ahead of the store has seen what the store lost: the version goes on from there, and
-- what is kept is to be computed anew.
local known, fresh, lease, token = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local entry = redis.call('HMGET', KEYS[1], 'version', 'true_at', 'lease', 'holder')
local version, true_at = tonumber(entry[1]), tonumber(entry[2])
local age = true_at and math.max(0, now - true_at) or -1
-- A clock that went back far would make the entry fresh for as long.
local doubtful = true_at and true_at > now + fresh
if version and version < known then
  version, doubtful = known + 1, true
  redis.call('HSET', KEYS[1], 'version', string.format('%d', version))
end
if doubtful then age = math.max(age, fresh) end

local computes = 0
if not version or age >= fresh then
  local lease_until = tonumber(entry[3])
  if not lease_until or lease_until <= now or lease_until > now + lease or entry[4] == token then
    redis.call('HSET', KEYS[1], 'lease', string.format('%d', now + lease), 'holder', token)
    redis.call('PEXPIRE', KEYS[1], 600000)
    computes = 1
  end
end
local content = ''
if version and version ~= known then content = redis.call('HGET', KEYS[1], 'content') end
return {string.format('%d', version or 0), string.format('%d', age), computes,
  string.format('%d', now), content}
