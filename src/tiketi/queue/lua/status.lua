-- Reads one person's place and the board; changes nothing.
-- KEYS as in room.lua     ARGV 1 user
-- Reply {'no_room'} | {'needs_draw', …} (line.lua) | {place (standing.lua), board (figures.lua), 0, 0}
-- include room
-- include run
-- include permutation
-- include line
-- include figures
-- include standing
if not room.life then return {'no_room'} end
if is_draw_due() then return needs_draw() end
return {place(ARGV[1]), board(), 0, 0}
