-- Piece: the entrants of a draw, next in line. Needs room.lua, line.lua.
-- Entrants are called in the order drawn: from here on they stand in WAITING, by their place.
-- Returns how many wait whose turn may come, and how many places were looked at, `most` at most.
local function call_entrants(wanted, most)
  local from, last = room.called, room.draw_entrants
  if redis.call('ZCARD', ENTRANTS) == 0 then room.called = last end
  local found = redis.call('ZCOUNT', WAITING, '-inf', room.called)
  while found < wanted and room.called < last and room.called < from + most do
    room.called = room.called + 1
    local number = undraw(room.called)
    for _, user in ipairs(redis.call('ZRANGEBYSCORE', ENTRANTS, number, number)) do
      redis.call('ZREM', ENTRANTS, user)
      redis.call('ZADD', WAITING, room.called, user)
      found = found + 1
    end
  end
  if room.called > from then redis.call('HSET', ROOM, 'called', room.called) end
  if room.called == last then return wanted, room.called - from end
  return redis.call('ZCOUNT', WAITING, '-inf', room.called), room.called - from
end

-- Numbers that were left before the draw join the places that are gone, some at a time: nobody's
-- position grows by it.
local function count_left_early(most)
  local early = redis.call('ZPOPMIN', LEFT_EARLY, most)
  for i = 1, #early, 2 do
    local place = place_of(tonumber(early[i + 1]))
    if place > room.serving then redis.call('ZADD', LEFT, place, place) end
  end
end
