-- Gives the user the next number, in the plain case: they are new, others wait already, numbers are
-- at hand and no draw is due. A rush is made of this case, so it reads and writes as little as it
-- can; in every other it changes nothing, and join.lua decides.
-- KEYS as in room.lua     ARGV 1 user
-- Reply 0 if the case is another | {number, gone below it, epoch, life, whether it is drawn 0|1}
-- Repeated, it finds the place that it gave, and leaves it to join.lua.
local ROOM, WAITING, ADMITTED, _, LEFT, _, CREW, ENTRANTS = unpack(KEYS)
local user = ARGV[1]
local life, epoch, next_number, numbers_max, serving, mode, draw_key, opens_at_ms, checked_until =
  unpack(redis.call('HMGET', ROOM, 'life', 'epoch', 'next', 'numbers_max', 'serving', 'mode',
    'draw_key', 'opens_at_ms', 'run_checked_until_ms'))
if not life or tonumber(next_number) >= tonumber(numbers_max) then return 0 end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
-- A fail-over may have forgotten numbers (numbers.lua).
if now >= (tonumber(checked_until) or 0) then return 0 end
if redis.call('ZSCORE', WAITING, user) or redis.call('ZSCORE', ADMITTED, user)
  or redis.call('ZSCORE', CREW, user) then
  return 0
end
local is_awaited = mode == 'draw' and not draw_key
if is_awaited then
  if now >= tonumber(opens_at_ms) then return 0 end
elseif draw_key and redis.call('ZSCORE', ENTRANTS, user) then
  return 0
end
if redis.call('EXISTS', WAITING) == 0 then return 0 end

local number = redis.call('HINCRBY', ROOM, 'next', 1)
redis.call('ZADD', WAITING, number, user)
if is_awaited then return {number, 0, epoch, life, 0} end
-- Whoever left has a number below this one.
local gone = math.min(number - 1, tonumber(serving) + redis.call('ZCARD', LEFT))
return {number, gone, epoch, life, 1}
