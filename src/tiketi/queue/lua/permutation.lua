-- Piece: the draw's keyed permutation of 1 … entrants, and its inverse. docs/draw.md says what it
-- is; draw.py has the same in Python. Needs room.lua.
local function mix(round, half)
  local text = string.format('%s:%d:%d:%d', room.draw_key, room.draw_entrants, round, half)
  return tonumber(string.sub(redis.sha1hex(text), 1, 12), 16)
end

local ROUNDS = 10
local function sides()
  local wide = math.ceil(math.sqrt(room.draw_entrants))
  return wide, math.ceil(room.draw_entrants / wide)
end

-- Walks on while the outcome lies past the last entrant: it came from within, so it comes back.
local function draw(number)
  local wide, high = sides()
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
  local wide, high = sides()
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
