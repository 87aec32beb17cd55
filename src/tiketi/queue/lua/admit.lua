-- Admits the next in line, and forgets passes that lapsed long ago.
-- KEYS as in room.lua
-- ARGV 1 how many to admit at most  2 how long a lapsed pass is remembered, ms
--   3 how many lapsed ones to forget at most
-- Reply {'no_room'} | {board (figures.lua), how many were admitted}
-- Repeated, it admits only what the rate and the capacity still allow.
-- include room
-- include figures
-- include admit_next
if not room.life then return {'no_room'} end
for _, key in ipairs({ADMITTED, CREW}) do
  local lapsed = redis.call('ZRANGEBYSCORE', key, '-inf', now - ARGV[2], 'LIMIT', 0, ARGV[3])
  if #lapsed > 0 then
    redis.call('ZREM', key, unpack(lapsed))
    redis.call('HDEL', NUMBERS, unpack(lapsed))
  end
end
local admitted = admit_next(tonumber(ARGV[1]))
return {board(), admitted}
