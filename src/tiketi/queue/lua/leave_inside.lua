-- Piece: giving up a pass. Needs room.lua, turnout.lua.
local function leave_inside(user)
  settle_given_up(user)
  redis.call('ZREM', ADMITTED, user)
  redis.call('HDEL', NUMBERS, user)
end
