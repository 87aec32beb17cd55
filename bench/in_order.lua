-- wrk: each line of a file is one POST, once: an access token, an idempotency key, a JSON body.
-- Arguments: the file, and perhaps a second that is made with the last answer. Connections that
-- have nothing left to send ask for /health, so a POST is what is not answered 200.
-- wrk asks for one request before it starts, and throws it away: hence the -1.
local requests, sent, answered, health, done = {}, -1, 0

local function count_answer(status)
  if status == 200 then return end
  answered = answered + 1
  if answered == #requests then
    wrk.thread:stop()
    io.open(done, 'w'):close()
  end
end

function init(args)
  for line in io.lines(args[1]) do
    local token, key, body = line:match('^(%S+)\t(%S+)\t(.*)$')
    requests[#requests + 1] = wrk.format('POST', nil, {
      ['Authorization'] = 'Bearer ' .. token,
      ['Idempotency-Key'] = key,
      ['Content-Type'] = 'application/json',
    }, body)
  end
  health = wrk.format('GET', '/health')
  done = args[2]
  if done then response = count_answer end
end

function request()
  sent = sent + 1
  return requests[sent] or health
end
