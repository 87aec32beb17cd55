-- Admits the next in line, and forgets passes that lapsed long ago.
-- KEYS as in room.lua
-- ARGV 1 how many to admit at most  2 how long a lapsed pass is remembered, ms
--   3 how many lapsed ones to forget at most  4 the pressure (rate.lua) in thousandths, or -1
--   5 epoch and 6 version of the settings that the caller knows of
-- Reply {'no_room'}, also where a fail-over forgot those settings | {'needs_draw', …} (line.lua)
--   | {board (figures.lua), how many were admitted, whether there may be more whose turn it is}
-- Repeated, it admits only what the rate and the capacity still allow, and within a second adjusts
-- nothing.
-- include room
-- include run
-- include numbers
-- include permutation
-- include line
-- include figures
-- include call_next
-- include admit_next
local epoch, version = tonumber(ARGV[5]), tonumber(ARGV[6])
if not room.life or room.epoch < epoch then return {'no_room'} end
if room.epoch == epoch and room.version < version then return {'no_room'} end
if is_draw_due() then return needs_draw() end
check_run()
for _, key in ipairs({ADMITTED, CREW}) do
  local lapsed = redis.call('ZRANGEBYSCORE', key, '-inf', now - ARGV[2], 'LIMIT', 0, ARGV[3])
  if #lapsed > 0 then
    redis.call('ZREM', key, unpack(lapsed))
    redis.call('HDEL', NUMBERS, unpack(lapsed))
  end
end
local settled = settle_lapsed()
if room.refilled_at_ms > now then
  -- The clock was set back: the tokens refill from here.
  room.refilled_at_ms = now
  redis.call('HSET', ROOM, 'refilled_at_ms', now)
end
adjust_speed(ARGV[4] / 1000)
local early = room.draw_key and count_left_early() or 0
local most = tonumber(ARGV[1])
local admitted, looked_at = admit_next(most)
local has_more = admitted == most or looked_at == CALLED_MAX or early == CALLED_MAX
  or settled == SETTLED_A_CALL_MAX
return {board(), admitted, has_more and 1 or 0}
