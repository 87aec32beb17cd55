-- Reads the public figures; changes nothing.
-- KEYS as in room.lua
-- Reply {'no_room'} | {'needs_draw', …} (line.lua) | {board (figures.lua), run (run.lua)}
-- include room
-- include run
-- include permutation
-- include line
-- include figures
if not room.life then return {'no_room'} end
if is_draw_due() then return needs_draw() end
return {board(), run_id()}
