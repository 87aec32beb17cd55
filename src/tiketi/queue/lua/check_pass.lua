-- Whether a pass that was signed by us lets its owner buy now.
-- KEYS as in room.lua     ARGV 1 user  2 epoch  3 life  4 number  5 expiry ms, of the pass
-- Reply 'good' | 'bad' | 'no_room'
-- A pass of an earlier life of the data is taken in again. Repeated, it finds the pass inside; only
-- the first time is written down.
-- include room
-- include turnout
if not room.life then return 'no_room' end
local user = ARGV[1]
if tonumber(ARGV[2]) ~= room.epoch then return 'bad' end
if math.max(score(ADMITTED, user) or 0, score(CREW, user) or 0) > now then
  settle_shown(user)
  return 'good'
end
-- Every order gets its answer above: what only a loss of the store needs comes after it.
-- include run
-- include permutation
-- include line
-- include figures
-- include step_out
local held = held_place(user)
-- In the same life only a fail-over can have forgotten that this number was admitted.
if tonumber(ARGV[3]) == room.life and not (held and held == place_of(tonumber(ARGV[4]))) then
  return 'bad'
end
-- Without the draw its place is not known; the signature decides meanwhile.
if is_draw_due() then return 'no_room' end
return readmit(user, ARGV[4], tonumber(ARGV[5])) and 'good' or 'bad'
