-- Piece: the draw's keyed permutation of 1 … entrants, and its inverse. docs/draw.md says what it
-- is; permutation.py has the same in Python. Needs room.lua.
local ROUNDS = 10
local wide, high, seed
if room.draw_key and room.draw_entrants > 0 then
  wide = math.ceil(math.sqrt(room.draw_entrants))
  high = math.ceil(room.draw_entrants / wide)
  seed = room.draw_key .. ':' .. room.draw_entrants .. ':'
end

local function mix(round, half)
  return tonumber(string.sub(redis.sha1hex(seed .. round .. ':' .. half), 1, 12), 16)
end

-- Walks on while the outcome lies past the last entrant: it came from within, so it comes back.
local function draw(number)
  local at = number - 1
  repeat
    local left, right = at % wide, math.floor(at / wide)
    for round = 1, ROUNDS, 2 do
      left = (left + mix(round, right)) % wide
      right = (right + mix(round + 1, left)) % high
    end
    at = left + right * wide
  until at < room.draw_entrants
  return at + 1
end

local function undraw(place)
  local at = place - 1
  repeat
    local left, right = at % wide, math.floor(at / wide)
    for round = ROUNDS, 1, -2 do
      right = (right - mix(round, left)) % high
      left = (left - mix(round - 1, right)) % wide
    end
    at = left + right * wide
  until at < room.draw_entrants
  return at + 1
end
