-- Gives the user a place in line, or leaves them the one they have; then admits whose turn it is.
-- KEYS as in room.lua
-- ARGV 1 user  2 how many to admit at most  3–7 of a receipt, 0 for none: epoch, life, number,
--   numbers gone below it, pass expiry ms
-- Reply {'no_room'} | {'needs_numbers', epoch, who asks, last number at hand} | {'needs_draw', …}
--   | {place (standing.lua), board (figures.lua), whether the place is new, how many were admitted}
-- Repeated, it finds the place that it gave.
-- include room
-- include run
-- include numbers
-- include permutation
-- include line
-- include figures
-- include call_next
-- include admit_next
-- include step_out
-- include restore
-- include standing
if not room.life then return {'no_room'} end
if is_draw_due() then return needs_draw() end
check_run()
local life_asking = room.numbers_life or room.life
local needs_numbers = {'needs_numbers', room.epoch, life_asking, room.numbers_max}
-- Before its first block a life cannot tell which numbers an earlier one gave.
if room.numbers_max == 0 then return needs_numbers end
local user = ARGV[1]
local epoch, life, number = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local gone, expires_at_ms = ARGV[6], tonumber(ARGV[7])

local held = held_place(user)
local place_shown = number > 0 and place_of(number)
local is_inside = (score(ADMITTED, user) or 0) > now
local restores = not is_inside and does_restore(user, epoch, life, number, held, expires_at_ms)
-- A number of this life that a fail-over forgot.
if restores and number > room.next then redis.call('HSET', ROOM, 'next', number) end

local is_new = false
if restores and readmit(user, number, expires_at_ms) then
  is_new = true
elseif not is_inside and (restores and place_shown < (held or math.huge) or not held) then
  if not restores then
    if room.next >= room.numbers_max then return needs_numbers end
    number = room.next + 1
    redis.call('HSET', ROOM, 'next', number)
  else
    redis.call('HSET', RESTORED, user, gone)
  end
  leave_line(user)
  leave_inside(user)
  redis.call('ZREM', CREW, user)
  redis.call('ZADD', WAITING, restores and place_shown or number, user)
  is_new = true
end
local admitted = admit_next(tonumber(ARGV[2]))
return {place(user), board(), is_new and 1 or 0, admitted}
