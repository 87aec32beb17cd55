-- Gives the room a block of numbers that PostgreSQL reserved for this life of its data.
-- KEYS as in room.lua
-- ARGV 1 life  2 the last number at hand when the block was asked for  3 first  4 last number
-- Reply 1 if the block was taken. Repeated, or too late, it changes nothing.
-- include room
local life = room.numbers_life or room.life
if life ~= tonumber(ARGV[1]) or room.numbers_max ~= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', ROOM, 'next', math.max(room.next, ARGV[3] - 1), 'numbers_max', ARGV[4])
return 1
