-- Piece: which run of the server this is. A server that started anew, or a replica that took over,
-- may lack what was confirmed before, and says another one. '' where it will not say.
local function run_id()
  local info = redis.pcall('INFO', 'server')
  return type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
end

-- As the room keeps it: never mistaken for a number.
local function run_mark()
  return 'run:' .. run_id()
end
