-- Opens the draw that PostgreSQL has recorded: from here on the line is in the order drawn.
-- KEYS as in room.lua     ARGV 1 epoch  2 the key, as hashed (permutation.lua)  3 entrants
-- Reply 1 if it was opened. However many wait, it writes a few fields and renames two keys.
-- Repeated, or in another epoch, it changes nothing.
-- include room
-- include run
-- include numbers
if room.epoch ~= tonumber(ARGV[1]) or room.draw_key or room.mode ~= 'draw' then return 0 end
if room.run ~= run_mark() then disown_numbers() end
local entrants = tonumber(ARGV[3])
if entrants > 0 then
  if redis.call('EXISTS', WAITING) == 1 then redis.call('RENAME', WAITING, ENTRANTS) end
  if redis.call('EXISTS', LEFT) == 1 then redis.call('RENAME', LEFT, LEFT_EARLY) end
end
redis.call('HSET', ROOM, 'draw_key', ARGV[2], 'draw_entrants', entrants, 'called', 0,
  'next', math.max(room.next, entrants))
return 1
