-- Reads the sums of what the processes reported lately, figure by figure; changes nothing.
-- KEYS 1 the reports (report_pressure.lua)     ARGV 1 how old a report may be, ms  2 how many figures
-- Reply the sums in thousandths; they are 0 where nobody reports.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local count, sums = tonumber(ARGV[2]), {}
for i = 1, count do sums[i] = 0 end
for _, report in ipairs(redis.call('HVALS', KEYS[1])) do
  local words = string.gmatch(report, '%S+')
  if math.abs(now - tonumber(words())) <= tonumber(ARGV[1]) then
    for i = 1, count do sums[i] = sums[i] + (tonumber(words()) or 0) end
  end
end
for i = 1, count do sums[i] = math.floor(sums[i] * 1000) end
return sums
