-- What copies were read from has changed: none of before is current any more.
-- KEYS[1] their generation        Reply: the new one
-- Repeating the script only makes another one.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], 'at', string.format('%d', now))
redis.call('PEXPIRE', KEYS[1], 86400000)
return string.format('%d', redis.call('HINCRBY', KEYS[1], 'n', 1))
