"""pretix, measured on our own stores in turns with ours: the yardstick of `bench.orders`.

Whatever could be chosen was chosen in its favour:

- an order is one request of its REST API, created as paid: no cart, no payment page, no second
  request for the ticket, whose secret is in the answer; no seats, no mail, no invoice, no webhooks,
  no idempotency key, an event without plugins but the payment's, nothing in front of gunicorn;
- gunicorn runs 2 sync workers. Tried in turns on two cores: 2, 3 and 4 sync workers, and 2 or 3
  workers of 1, 2, 4 and 8 threads over kept-alive connections, with 8, 16 and 32 buyers. 2 sync
  workers spend least processor time an order and sell as much as 3 (24 a second at best); threads
  wait for the quota's lock, and 2 workers of 8 refuse orders for it; fewer buyers sell no more;
- Celery's worker is stopped while orders are measured: it takes the six tasks of each order, which
  are more than half as much work again, between the rounds. While one sells, the other's processes
  are stopped.
"""
