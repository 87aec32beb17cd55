-- Piece: how many of those admitted turn up. Needs room.lua.
-- A pass is settled once, when it leaves UNSHOWN: shown, when the sale first asks of it, or a
-- no-show, when it lapses or is given up before.
-- The averages forget over ten minutes, and say nothing before so many passes were settled.
local TURNOUT_KEPT_MS, SETTLED_MIN, SETTLED_A_CALL_MAX = 600000, 50, 5000

local function kept_since(at_ms)
  return math.exp(math.min(0, at_ms - now) / TURNOUT_KEPT_MS)
end

local function count_settled(shown, no_shows)
  local kept = kept_since(room.settled_at_ms or now)
  room.settled = (room.settled or 0) * kept + shown + no_shows
  room.no_shows = (room.no_shows or 0) * kept + no_shows
  room.settled_at_ms = now
  redis.call('HSET', ROOM, 'settled', room.settled, 'no_shows', room.no_shows,
    'settled_at_ms', now)
end

local function settle_shown(user)
  if redis.call('ZREM', UNSHOWN, user) == 1 then count_settled(1, 0) end
end

local function settle_given_up(user)
  if redis.call('ZREM', UNSHOWN, user) == 1 then count_settled(0, 1) end
end

-- Returns how many passes that lapsed unshown were settled.
local function settle_lapsed()
  local lapsed = redis.call('ZCOUNT', UNSHOWN, '-inf', now)
  if lapsed == 0 then return 0 end
  lapsed = math.min(lapsed, SETTLED_A_CALL_MAX)
  redis.call('ZREMRANGEBYRANK', UNSHOWN, 0, lapsed - 1)
  count_settled(0, lapsed)
  return lapsed
end

-- The share of no-shows; nil before it is known.
local function no_show_share()
  local settled = (room.settled or 0) * kept_since(room.settled_at_ms or now)
  if settled < SETTLED_MIN then return nil end
  return room.no_shows / room.settled
end
