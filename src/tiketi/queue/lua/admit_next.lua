-- Piece: admits the next in line, as many as rate, capacity and `most` allow. Needs figures.lua,
-- line.lua, call_next.lua.
-- Returns how many were admitted, and how many places of a draw were looked at.
local function admit_next(most)
  local is_open = room.paused == 0 and now >= room.opens_at_ms and now < room.closes_at_ms
  if not is_open or room.sold_out == 1 or now < room.admit_from_ms or is_draw_due() then return 0, 0 end
  local tokens = tokens_now()
  local count = math.min(most, math.floor(tokens), room.capacity - count_active())
  if count < 1 then return 0, 0 end
  local looked_at = 0
  if room.draw_key and room.called < room.draw_entrants then
    count, looked_at = call_entrants(count)
    if count == 0 then return 0, looked_at end
  end
  local front = redis.call('ZPOPMIN', WAITING, count)
  if #front == 0 then return 0, looked_at end

  local passes, numbers, spent = {}, {}, {}
  for i = 1, #front, 2 do
    passes[#passes + 1], passes[#passes + 2] = now + room.pass_ttl_ms, front[i]
    numbers[#numbers + 1], numbers[#numbers + 2] = front[i], front[i + 1]
    spent[#spent + 1], spent[#spent + 2] = front[i], -1
    room.serving = math.max(room.serving, tonumber(front[i + 1]))
  end
  redis.call('ZADD', ADMITTED, unpack(passes))
  redis.call('ZADD', UNSHOWN, unpack(passes))
  redis.call('HSET', NUMBERS, unpack(numbers))
  -- Whose turn has come in this life has no claim from an earlier one.
  if room.reborn == 1 then redis.call('HSET', RESTORED, unpack(spent)) end
  redis.call('ZREMRANGEBYSCORE', LEFT, '-inf', room.serving)

  local admitted = #front / 2
  room.heat = room.heat * math.exp(math.min(0, room.heated_at_ms - now) / 60000) + admitted
  room.heated_at_ms, room.tokens, room.refilled_at_ms = now, tokens - admitted, now
  redis.call('HSET', ROOM, 'serving', room.serving, 'heat', room.heat, 'heated_at_ms', now,
    'tokens', room.tokens, 'refilled_at_ms', now)
  return admitted, looked_at
end
