-- Piece: figures of the room. Needs room.lua.
-- include turnout
-- include rate
local function count_active()
  return redis.call('ZCOUNT', ADMITTED, string.format('(%d', now), '+inf')
end

-- Admissions a minute: an average that forgets over a minute, corrected for a short history.
local function pace()
  local kept = math.exp(math.min(0, room.heated_at_ms - now) / 60000)
  local seen = 1 - math.exp((math.max(room.begun_at_ms, room.opens_at_ms) - now) / 60000)
  return seen > 0 and room.heat * kept / seen or 0
end

-- How many of the numbers below this one wait no more. It counts what is known to be gone, never
-- who is there: after a loss of the store the line comes back piece by piece, and nobody's
-- position may grow when somebody ahead of them does.
local function gone_below(number, user)
  local left = redis.call('ZCOUNT', LEFT, '-inf', string.format('(%d', number))
  local restored = tonumber(redis.call('HGET', RESTORED, user)) or 0
  return math.min(number - 1, math.max(room.serving + left, restored))
end

-- More passes than any capacity in force since they were given allows: always 0.
local function count_over(active)
  local allowed = room.capacity
  if now < room.ceiling_until_ms then allowed = math.max(allowed, room.ceiling) end
  return math.max(0, active - allowed)
end

-- Figures; of a room with a draw its commitment, key ('' before) and entrants, else '', '', 0; then
-- what steers admission, in thousandths: the speed, the share of no-shows (-1: not known), what
-- the rate is multiplied by for it; last whether everything is sold.
local function board()
  local active, waiting = count_active(), redis.call('ZCARD', WAITING)
  if room.draw_key then waiting = waiting + redis.call('ZCARD', ENTRANTS) end
  local figures = {
    now, room.epoch, room.life, room.serving, waiting, active, room.capacity,
    room.rate_per_minute, room.pass_ttl_ms, room.paused, room.opens_at_ms, room.closes_at_ms,
    math.floor(pace() * 60), count_over(active),
  }
  figures[15], figures[16], figures[17] = '', '', 0
  if room.mode == 'draw' then
    figures[15], figures[16] = room.commitment, room.draw_key or ''
    figures[17] = room.draw_entrants or room.next
  end
  figures[18] = math.floor((room.speed or 1) * 1000)
  figures[19] = math.floor((no_show_share() or -0.001) * 1000)
  figures[20], figures[21] = math.floor(rate_times() * 1000), room.sold_out or 0
  return figures
end
