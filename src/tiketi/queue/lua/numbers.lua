-- Piece: numbers that may have been given by what the store forgot. Needs room.lua, run.lua.
-- PostgreSQL gives a life the block that it asked for before, so this one asks in another's name.
-- Numbers from here on may be restored even where the line was served past them; so whose turn
-- comes is remembered, as after a loss (`reborn`).
local function disown_numbers()
  room.numbers_life = (tonumber(string.sub(run_id(), 1, 12), 16) or 0) + 1
  room.numbers_max = 0
  room.forgot_from, room.reborn = room.forgot_from or room.next, 1
  redis.call('HSET', ROOM, 'run', run_mark(), 'numbers_life', room.numbers_life, 'numbers_max', 0,
    'forgot_from', room.forgot_from, 'reborn', 1)
end

-- So long after a look nobody need look again: a replica takes longer to be promoted, and what a
-- restarted server lacks is of before. The look costs a third of a plain join.
local RUN_CHECKED_FOR_MS = 1000

local function check_run()
  if room.run ~= run_mark() then disown_numbers() end
  redis.call('HSET', ROOM, 'run_checked_until_ms', now + RUN_CHECKED_FOR_MS)
end
