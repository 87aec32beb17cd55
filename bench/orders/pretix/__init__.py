"""pretix, measured on our own stores in turns with ours: the yardstick of `bench.orders`.

Whatever could be chosen was chosen in its favour:

- an order is one request of its REST API, created as paid: no cart, no payment page, no second
  request for the ticket, whose secret is in the answer; no seats, no mail, no invoice, no webhooks,
  no idempotency key, an event without plugins but the payment's, nothing in front of gunicorn;
- gunicorn runs 2 workers of 2 threads over kept-alive connections. Tried once on two cores: sync
  workers (2, 3, 4), which close each connection, and 2 workers of 1, 4 and 8 threads; with 8, 16
  and 32 buyers. Sync workers and more threads spend more processor time an order, and 8 threads
  refuse orders, since they wait too long for the quota's lock;
- Celery's worker is stopped while orders are measured: it takes the six tasks of each order, which
  are half as much work again, between the rounds. Both sides' processes are stopped, or idle, while
  the other sells.
"""
