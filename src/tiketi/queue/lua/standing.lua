-- Piece: one person's place: {state, place in line, gone below it, pass expiry ms}; the place is
-- the number while a draw is awaited. Needs figures.lua, line.lua.
-- state: waiting | admitted | expired | absent; what does not apply is 0.
local function place(user)
  local crew = score(CREW, user)
  if crew then return {crew > now and 'admitted' or 'expired', 0, 0, crew} end
  local number = held_place(user)
  if number then
    local is_awaited = room.mode == 'draw' and not room.draw_key
    return {'waiting', number, is_awaited and 0 or gone_below(number, user), 0}
  end
  local expires = score(ADMITTED, user)
  if not expires then return {'absent', 0, 0, 0} end
  number = tonumber(redis.call('HGET', NUMBERS, user)) or 0
  return {expires > now and 'admitted' or 'expired', number, number, expires}
end
