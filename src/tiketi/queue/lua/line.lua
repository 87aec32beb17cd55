-- Piece: where a number stands in line: its own place, or the one that was drawn for it.
-- Needs room.lua, run.lua and permutation.lua.
-- The draw is due and PostgreSQL has not been told of it, or this life of the data has not.
local function is_draw_due()
  return room.mode == 'draw' and not room.draw_key and now >= room.opens_at_ms
end

local function place_of(number)
  if not room.draw_key or number > room.draw_entrants then return number end
  return draw(number)
end

-- The place of one who waits, or nil.
local function held_place(user)
  local place = score(WAITING, user)
  if place or not room.draw_key then return place end
  local number = score(ENTRANTS, user)
  return number and draw(number)
end

local function needs_draw()
  -- Who was served before the room was set to draw stays served: then there is nothing to draw.
  local known = room.numbers_max > 0 and room.run == run_mark() and 1 or 0
  return {'needs_draw', room.epoch, known, room.serving > 0 and 0 or room.next}
end
