-- Reads many people's places and the board of the same moment; changes nothing.
-- KEYS as in room.lua     ARGV the users
-- Reply {'no_room'} | {'needs_draw', …} (line.lua) | {board (figures.lua), place (standing.lua) of each user in turn}
-- include room
-- include run
-- include permutation
-- include line
-- include figures
-- include standing
if not room.life then return {'no_room'} end
if is_draw_due() then return needs_draw() end
local places = {}
for i, user in ipairs(ARGV) do places[i] = place(user) end
return {board(), places}
