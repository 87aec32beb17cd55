-- Lets one of the crew in, beside the line and outside the capacity.
-- KEYS as in room.lua     ARGV 1 user
-- Reply {'no_room'} | {place (standing.lua), board (figures.lua), 0, 0}
-- Repeated, it finds the pass that it gave.
-- include room
-- include run
-- include permutation
-- include line
-- include figures
-- include step_out
-- include standing
if not room.life then return {'no_room'} end
local user = ARGV[1]
leave_line(user)
leave_inside(user)
if (score(CREW, user) or 0) <= now then
  redis.call('ZADD', CREW, now + room.pass_ttl_ms, user)
end
return {place(user), board(), 0, 0}
