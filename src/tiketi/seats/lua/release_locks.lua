-- Gives back seats of one section that the owner has locked; other seats are left alone.
-- KEYS[1] the section's locked seats; KEYS[2..] one key a seat
-- ARGV: user, lock id ('' for any of the user's), then the seat indexes in the order of their keys
-- Reply: how many were given back
local owner, released = ARGV[1] .. ':', 0
if ARGV[2] ~= '' then owner = owner .. ARGV[2] .. ':' end
for i = 2, #KEYS do
  local value = redis.call('GET', KEYS[i])
  if value and string.sub(value, 1, #owner) == owner then
    redis.call('DEL', KEYS[i])
    redis.call('ZREM', KEYS[1], ARGV[i + 1])
    released = released + 1
  end
end
return released
