-- Piece: how fast people are admitted: the operator's rate, corrected for no-shows and slowed by
-- the room's speed, 1 at rest. Needs room.lua, turnout.lua.
-- No-shows at most double the rate. The speed is never 0, or nobody would find that holds are fast
-- again. It is adjusted at most once a second, whoever calls: over the target it falls to a tenth
-- in ten seconds, over twice the target in four. Under it the way back is quick, but slow around
-- the speed at which work got slow the last time: nobody yet sees what those do who were admitted.
local RATE_TIMES_MAX, SPEED_MIN, ADJUST_MS = 2, 0.05, 1000
local SLOWED_TIMES, BRAKED_TIMES, BRAKED_ABOVE = 0.8, 0.5, 2
local QUICK_TIMES, CAREFUL_TIMES, CAREFUL_FROM, CAREFUL_TO = 1.1, 1.01, 0.5, 1.2

-- So many are admitted for each one that the operator wants inside.
local function rate_times()
  return 1 / (1 - math.min(no_show_share() or 0, 1 - 1 / RATE_TIMES_MAX))
end

local function effective_rate()
  return room.rate_per_minute * rate_times() * (room.speed or 1)
end

-- The tokens refill without steps, up to one second's worth and at least one; a rate of 0 has none.
local function tokens_now()
  local rate = effective_rate()
  local most = rate > 0 and math.max(1, rate / 60) or 0
  local passed_ms = math.max(0, now - room.refilled_at_ms)
  return math.min(most, room.tokens + passed_ms * rate / 60000)
end

local function risen(speed, pressure)
  local limit = room.slow_from or 1
  local is_near = speed >= CAREFUL_FROM * limit and speed < CAREFUL_TO * limit
  -- Where nobody works at all there is nothing to be careful of.
  return math.min(1, speed * (is_near and pressure > 0 and CAREFUL_TIMES or QUICK_TIMES))
end

-- `pressure`: what the work takes, in multiples of its target; below 0: not known, nothing changes.
local function adjust_speed(pressure)
  local speed = room.speed or 1
  -- A clock that was set back must not stop the adjusting.
  local is_due = math.abs(now - (room.adjusted_at_ms or 0)) >= ADJUST_MS
  if pressure < 0 or not is_due or (pressure <= 1 and speed == 1) then return end
  local tokens, was_slow = tokens_now(), room.is_slow == 1
  if pressure <= 1 then
    speed, room.is_slow = risen(speed, pressure), 0
  else
    if not was_slow then room.slow_from = speed end
    room.is_slow = 1
    speed = math.max(SPEED_MIN, speed * (pressure > BRAKED_ABOVE and BRAKED_TIMES or SLOWED_TIMES))
  end
  room.speed, room.tokens, room.adjusted_at_ms, room.refilled_at_ms = speed, tokens, now, now
  redis.call('HSET', ROOM, 'speed', speed, 'tokens', tokens, 'adjusted_at_ms', now,
    'refilled_at_ms', now, 'is_slow', room.is_slow, 'slow_from', room.slow_from or 1)
end
