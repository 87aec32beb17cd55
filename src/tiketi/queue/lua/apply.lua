-- Brings the room to what PostgreSQL says, and begins a new life where there is none of this epoch.
-- KEYS as in room.lua
-- ARGV 1 epoch  2 version  3 capacity  4 rate a minute  5 pass lifetime ms  6 mode  7 paused 0|1
--   8 opens at ms  9 closes at ms  10 id of a new life  11 whether numbers of this epoch were given
--   12 how long such a life admits nobody, ms  13 how long the keys outlive the sale, ms
--   14 the draw's commitment, '' for none  15 whether everything is sold
-- Reply 1 if a life was begun. An older epoch or version never wins; repeating changes nothing.
-- include room
-- include run
-- include permutation
-- include line
-- include figures
-- include call_next
-- include admit_next
local epoch, version, capacity = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local is_new = not room.life or epoch > room.epoch
if room.life and epoch < room.epoch then return 0 end
if is_new then
  redis.call('UNLINK', unpack(KEYS))
  local reborn = tonumber(ARGV[11])
  redis.call('HSET', ROOM, 'epoch', epoch, 'life', ARGV[10], 'next', 0, 'numbers_max', 0,
    'serving', 0, 'reborn', reborn, 'admit_from_ms', now + reborn * ARGV[12],
    'tokens', ARGV[4], 'refilled_at_ms', now, 'heat', 0, 'heated_at_ms', now, 'begun_at_ms', now,
    'ceiling', 0, 'ceiling_until_ms', 0, 'run', run_mark())
elseif version > room.version then
  -- Passes given under a larger capacity stay until they lapse.
  if capacity < room.capacity and count_active() > capacity then
    local allowed = now < room.ceiling_until_ms and room.ceiling or 0
    local last = redis.call('ZRANGE', ADMITTED, -1, -1, 'WITHSCORES')[2]
    redis.call('HSET', ROOM, 'ceiling', math.max(allowed, room.capacity), 'ceiling_until_ms', last)
  end
  redis.call('HSET', ROOM, 'tokens', tokens_now(), 'refilled_at_ms', now)
end
if is_new or version > room.version then
  redis.call('HSET', ROOM, 'version', version, 'capacity', capacity, 'rate_per_minute', ARGV[4],
    'pass_ttl_ms', ARGV[5], 'mode', ARGV[6], 'paused', ARGV[7])
  if ARGV[14] ~= '' then redis.call('HSET', ROOM, 'commitment', ARGV[14]) end
end
redis.call('HSET', ROOM, 'opens_at_ms', ARGV[8], 'closes_at_ms', ARGV[9],
  'sold_out', ARGV[15])
for _, key in ipairs(KEYS) do
  redis.call('PEXPIREAT', key, math.max(now, ARGV[9]) + ARGV[13])
end
return is_new and 1 or 0
