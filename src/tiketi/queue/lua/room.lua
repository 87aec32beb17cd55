-- Piece: the keys by name, the store's own time in ms, and the room (no `life`: it is lost).
-- KEYS of every script here, all in one slot: 1 the room's hash  2 the waiting, user → number
--   3 the admitted, user → pass expiry ms  4 the numbers of the admitted, user → number
--   5 numbers above `serving` that were left  6 whose place was restored in this life of the data,
--   user → numbers known to be gone below theirs, or -1: nothing is restored any more
--   7 the crew, user → pass expiry ms; they count for no capacity
--   8 after a draw: the entrants not called yet, user → number  9 numbers left before the draw,
--   not counted among 5 yet. After a draw 2, 4 and 5 hold places, as `place_of` (line.lua) says.
--   10 the admitted whose pass was not shown yet, user → pass expiry ms
local ROOM, WAITING, ADMITTED, NUMBERS, LEFT, RESTORED, CREW, ENTRANTS, LEFT_EARLY, UNSHOWN =
  unpack(KEYS)
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local room, fields = {}, redis.call('HGETALL', ROOM)
for i = 1, #fields, 2 do
  room[fields[i]] = tonumber(fields[i + 1]) or fields[i + 1]
end

local function score(key, user)
  return tonumber(redis.call('ZSCORE', key, user))
end
