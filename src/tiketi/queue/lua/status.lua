-- Reads one person's place and the board; changes nothing.
-- KEYS as in room.lua     ARGV 1 user
-- Reply {'no_room'} | {place (standing.lua), board (figures.lua), 0, 0}
-- include room
-- include figures
-- include standing
if not room.life then return {'no_room'} end
return {place(ARGV[1]), board(), 0, 0}
