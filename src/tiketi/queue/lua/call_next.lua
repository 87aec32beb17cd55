-- Piece: the entrants of a draw who are next in line. Needs room.lua, line.lua.
-- So many places a script, since each costs the store some 10 to 20 µs.
local CALLED_MAX = 100

-- Entrants are called in the order drawn: from here on they stand in WAITING, by their place.
-- Returns how many of `wanted` may be admitted now, and how many places were looked at.
local function call_entrants(wanted)
  local from, last = room.called, room.draw_entrants
  if redis.call('ZCARD', ENTRANTS) == 0 then room.called = last end
  local found = redis.call('ZCOUNT', WAITING, '-inf', room.called)
  local looked_at = 0
  while found < wanted and room.called < last and looked_at < CALLED_MAX do
    room.called, looked_at = room.called + 1, looked_at + 1
    local number = undraw(room.called)
    for _, user in ipairs(redis.call('ZRANGEBYSCORE', ENTRANTS, number, number)) do
      redis.call('ZREM', ENTRANTS, user)
      redis.call('ZADD', WAITING, room.called, user)
    end
    found = redis.call('ZCOUNT', WAITING, '-inf', room.called)
  end
  if room.called > from then redis.call('HSET', ROOM, 'called', room.called) end
  if room.called == last then return wanted, looked_at end
  return math.min(wanted, found), looked_at
end

-- Numbers that were left before the draw join the places that are gone, some at a time: nobody's
-- position grows by it.
local function count_left_early()
  local early = redis.call('ZPOPMIN', LEFT_EARLY, CALLED_MAX)
  for i = 1, #early, 2 do
    local place = place_of(tonumber(early[i + 1]))
    if place > room.serving then redis.call('ZADD', LEFT, place, place) end
  end
  return #early / 2
end
