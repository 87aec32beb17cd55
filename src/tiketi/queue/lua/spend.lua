-- Gives up a pass that has bought.
-- KEYS as in room.lua     ARGV 1 user
-- Reply 1, or 0 when the room is lost. Repeating it changes nothing.
-- include room
-- include turnout
-- include leave_inside
if not room.life then return 0 end
local user = ARGV[1]
-- The pass that was spent had lapsed, and its owner has joined anew.
if score(WAITING, user) then return 1 end
-- Whoever bought has turned up, though the store was away when the pass was shown.
settle_shown(user)
leave_inside(user)
redis.call('ZREM', CREW, user)
-- What earlier lives gave is given up with it; in the first life there is nothing to forget.
if room.reborn == 1 then redis.call('HSET', RESTORED, user, -1) end
return 1
