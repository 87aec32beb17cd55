-- Piece: leaving the line, and coming back inside after a loss of the store. Needs figures.lua,
-- line.lua.
-- include leave_inside
-- A left number counts as gone for those behind it, until the line is served past it.
local function leave_line(user)
  local place = held_place(user)
  if not place then return end
  redis.call('ZREM', WAITING, user)
  if room.draw_key then redis.call('ZREM', ENTRANTS, user) end
  if place > room.serving then redis.call('ZADD', LEFT, place, place) end
end

-- A pass of an earlier life of the data goes on, once a user, if the capacity has room for it.
-- Whether it was shown there is not known: it is settled neither way.
local function readmit(user, number, expires_at_ms)
  local was_used = redis.call('HGET', RESTORED, user) == '-1'
  if was_used or expires_at_ms <= now or count_active() >= room.capacity then return false end
  leave_line(user)
  redis.call('ZADD', ADMITTED, expires_at_ms, user)
  redis.call('HSET', NUMBERS, user, place_of(tonumber(number)))
  redis.call('HSET', RESTORED, user, -1)
  return true
end
