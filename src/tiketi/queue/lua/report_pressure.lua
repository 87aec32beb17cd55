-- Keeps the latest report of one process.
-- KEYS 1 the reports, process → 'at ms, then the figures'
-- ARGV 1 process  2 how old a report may be, ms  3 how many processes may report  4 … figures
-- Reply 1, or 0 where too many report. Repeated, it replaces what it wrote.
local REPORTS, process, age_ms_max = KEYS[1], ARGV[1], tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- Whoever comes anew clears away those who report no more.
if redis.call('HEXISTS', REPORTS, process) == 0 then
  local reports = redis.call('HGETALL', REPORTS)
  for i = 1, #reports, 2 do
    local at_ms = tonumber(string.match(reports[i + 1], '^%d+'))
    if math.abs(now - at_ms) > age_ms_max then redis.call('HDEL', REPORTS, reports[i]) end
  end
  if redis.call('HLEN', REPORTS) >= tonumber(ARGV[3]) then return 0 end
end
redis.call('HSET', REPORTS, process, string.format('%d ', now) .. table.concat(ARGV, ' ', 4))
redis.call('PEXPIRE', REPORTS, age_ms_max)
return 1
