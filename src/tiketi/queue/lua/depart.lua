-- Gives up the place in line and the pass.
-- KEYS as in room.lua     ARGV 1 user
-- Reply 1, or 0 when the room is lost. Repeating it changes nothing.
-- include room
-- include run
-- include permutation
-- include line
-- include figures
-- include step_out
if not room.life then return 0 end
local user = ARGV[1]
leave_line(user)
leave_inside(user)
redis.call('ZREM', CREW, user)
-- What earlier lives gave is given up with it; in the first life there is nothing to forget.
if room.reborn == 1 then redis.call('HSET', RESTORED, user, -1) end
return 1
