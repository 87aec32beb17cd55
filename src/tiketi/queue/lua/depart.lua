-- Gives up a pass, and with `leaves` the place in line too.
-- KEYS as in room.lua     ARGV 1 user  2 leaves 0|1
-- Reply 1, or 0 when the room is lost. Repeating it changes nothing.
-- include room
-- include run
-- include permutation
-- include line
-- include figures
-- include step_out
if not room.life then return 0 end
local user = ARGV[1]
if ARGV[2] == '1' then
  leave_line(user)
elseif score(WAITING, user) then
  -- The pass that was spent had lapsed, and its owner has joined anew.
  return 1
else
  -- Whoever bought has turned up, though the store was away when the pass was shown.
  settle_shown(user)
end
leave_inside(user)
redis.call('ZREM', CREW, user)
-- What earlier lives gave is given up with it; in the first life there is nothing to forget.
if room.reborn == 1 then redis.call('HSET', RESTORED, user, -1) end
return 1
