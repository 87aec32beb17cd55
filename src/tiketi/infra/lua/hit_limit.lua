-- Counts one request against a limit over a sliding minute, weighing the last window by its share.
-- KEYS[1] the limit's hash        ARGV[1] most requests a window   ARGV[2] the window, ms
-- Reply: {allowed 0|1, remaining, ms until a request would be allowed or the window is new}
-- A refused request is not counted. Repeating the script counts twice, which only errs to be strict.
local most, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local start, current, last = unpack(redis.call('HMGET', KEYS[1], 's', 'c', 'l'))
start, current, last = tonumber(start), tonumber(current) or 0, tonumber(last) or 0
if not start or now - start >= 2 * window or now < start then
  start, current, last = now, 0, 0
elseif now - start >= window then
  start, current, last = start + window, 0, current
end

local left = window - (now - start)
local used = last * left / window + current
if used + 1 > most then
  local wait = left
  if current + 1 <= most and last > 0 then
    wait = math.ceil((used + 1 - most) * window / last)
  end
  return {0, 0, math.max(1, math.min(wait, left))}
end
redis.call('HSET', KEYS[1], 's', start, 'c', current + 1, 'l', last)
redis.call('PEXPIRE', KEYS[1], 2 * window)
return {1, math.floor(most - used - 1), left}
