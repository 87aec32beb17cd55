-- wrk: the same request, a header of it taking each line of a file in turn.
-- Arguments: method, the header's name with what stands before the line ('' for none), the file.
local requests, turn = {}, 0

function init(args)
  local method, header, path = args[1], args[2], args[3]
  if header == '' then
    requests[1] = wrk.format(method)
    return
  end
  local name, before = header:match('^(%S+):%s*(.*)$')
  if before ~= '' then before = before .. ' ' end
  for line in io.lines(path) do
    requests[#requests + 1] = wrk.format(method, nil, {[name] = before .. line})
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end
