-- Piece: one person's place: {state, number, gone below it, pass expiry ms}. Needs figures.lua.
-- state: waiting | admitted | expired | absent; what does not apply is 0.
local function place(user)
  local crew = score(CREW, user)
  if crew then return {crew > now and 'admitted' or 'expired', 0, 0, crew} end
  local number = score(WAITING, user)
  if number then return {'waiting', number, gone_below(number, user), 0} end
  local expires = score(ADMITTED, user)
  if not expires then return {'absent', 0, 0, 0} end
  number = tonumber(redis.call('HGET', NUMBERS, user)) or 0
  return {expires > now and 'admitted' or 'expired', number, number, expires}
end
