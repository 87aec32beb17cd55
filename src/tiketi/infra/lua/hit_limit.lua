-- Counts one request against a limit over a sliding minute. Two windows are kept, each with its
-- count and how far into it the last counted request came: the last window's requests are taken
-- to lie evenly up to there, and each is forgotten when it is a window old.
-- KEYS[1] the limit's hash        ARGV[1] most requests a window   ARGV[2] the window, ms
-- ARGV[3] requests that the caller has let through already: counted whatever the limit
-- Reply: {allowed 0|1, remaining, ms until a request will be allowed, or until the window is new}
-- A refused request is not counted. Repeating the script counts twice, which only errs to be strict.
local most, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ROUNDING = 1e-6

local kept = redis.call('HMGET', KEYS[1], 's', 'c', 'd', 'l', 'e')
local start = tonumber(kept[1])
local current, spread = tonumber(kept[2]) or 0, tonumber(kept[3]) or 0
local last, last_spread = tonumber(kept[4]) or 0, tonumber(kept[5]) or 0
if not start or now - start >= 2 * window or now < start then
  start, current, spread, last, last_spread = now, 0, 0, 0, 0
elseif now - start >= window then
  start, current, spread, last, last_spread = start + window, 0, 0, current, spread
end

local elapsed, before = now - start, tonumber(ARGV[3])
if before > 0 then
  current, spread = current + before, elapsed
  redis.call('HSET', KEYS[1], 's', start, 'c', current, 'd', spread, 'l', last, 'e', last_spread)
  redis.call('PEXPIRE', KEYS[1], 2 * window)
end
local used = current
if elapsed < last_spread then
  used = used + last * (1 - elapsed / last_spread)
end
if used + 1 > most + ROUNDING then
  local wait
  if current + 1 <= most then
    wait = math.ceil((used + 1 - most) * last_spread / last)
  else
    wait = window - elapsed + math.ceil((current + 1 - most) * spread / current)
  end
  return {0, 0, math.max(1, wait)}
end
redis.call('HSET', KEYS[1], 's', start, 'c', current + 1, 'd', elapsed, 'l', last, 'e', last_spread)
redis.call('PEXPIRE', KEYS[1], 2 * window)
return {1, math.floor(most - used - 1 + ROUNDING), window - elapsed}
