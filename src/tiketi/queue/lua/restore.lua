-- Piece: whether a receipt restores a place, for one who is not inside. Needs room.lua, line.lua.
local function is_unclaimed(user)
  return redis.call('HEXISTS', RESTORED, user) == 0
end

-- `held`: the place in line that its owner has, or nil.
-- A receipt that was given with a pass counts for as long as the pass does.
local function does_restore(user, epoch, life, number, held, expires_at_ms)
  if epoch ~= room.epoch or number == 0 then return false end
  if expires_at_ms > 0 and expires_at_ms <= now then return false end
  if life ~= room.life then return number <= room.next and is_unclaimed(user) end
  if held then return false end
  -- Given in this life, and known neither as served, nor left, nor waiting: a fail-over took it.
  local place = place_of(number)
  local is_ahead = place > room.serving and not score(LEFT, place)
    and not score(LEFT_EARLY, number)
  return is_ahead or (number > (room.forgot_from or math.huge) and is_unclaimed(user))
end
