-- wrk: each line of a file is one POST, once: an access token, an idempotency key, a JSON body.
-- Argument: the file. When it ends the last line is sent again, and is answered as before.
local requests, turn = {}, 0

function init(args)
  for line in io.lines(args[1]) do
    local token, key, body = line:match('^(%S+)\t(%S+)\t(.*)$')
    requests[#requests + 1] = wrk.format('POST', nil, {
      ['Authorization'] = 'Bearer ' .. token,
      ['Idempotency-Key'] = key,
      ['Content-Type'] = 'application/json',
    }, body)
  end
end

function request()
  if turn < #requests then turn = turn + 1 end
  return requests[turn]
end
