-- Counts one failed log-in in a window that begins with its first.
-- KEYS[1] the counter             ARGV[1] the window, ms
-- Reply: failures in the window. Repeating the script counts twice, which only errs to be strict.
local failures = redis.call('INCR', KEYS[1])
if failures == 1 or redis.call('PTTL', KEYS[1]) < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return failures
