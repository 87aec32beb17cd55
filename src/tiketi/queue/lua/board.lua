-- Reads the public figures; changes nothing.
-- KEYS as in room.lua
-- Reply {'no_room'} | {board (figures.lua)}
-- include room
-- include figures
if not room.life then return {'no_room'} end
return {board()}
