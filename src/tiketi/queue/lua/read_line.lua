-- Reads the board and the numbers that were left, for a process that computes positions itself.
-- KEYS as in room.lua
-- ARGV of what the caller has, 0 for nothing: 1 life  2 serving  3 how many numbers left
-- Reply {'no_room'} | {'needs_draw', …} (line.lua)
--   | {board (figures.lua), run (run.lua), 0} where the caller has them all | {board, run, 1, numbers}
-- Within a life numbers are only added to LEFT, but when `serving` passes them: three figures that
-- are the same mean the same numbers.
-- include room
-- include run
-- include permutation
-- include line
-- include figures
if not room.life then return {'no_room'} end
if is_draw_due() then return needs_draw() end
local count = redis.call('ZCARD', LEFT)
if tonumber(ARGV[1]) == room.life and tonumber(ARGV[2]) == room.serving
  and tonumber(ARGV[3]) == count then
  return {board(), run_id(), 0}
end
return {board(), run_id(), 1, redis.call('ZRANGE', LEFT, 0, -1)}
