"""What a plan takes for granted: how a crowd behaves, and what a core and a store bear.

The figures of a core and a store are those of docs/plan.md, "Where the figures come from". Those
of a crowd are estimates; they are set so that a million people make the peaks that the system is
designed for: 500,000 event reads and 100,000 queue calls a second.
"""

# ── a crowd ──

# Of the audience, within the first minute. Where a draw decides, nobody needs to hurry.
FIRST_MINUTE_SHARE, FIRST_MINUTE_SHARE_DRAW = 0.5, 0.1
# The busiest second of that minute against its mean.
PEAK_OVER_MEAN = 2.0
# A tab, a reload or a second device: each asks for itself, all have one place.
TABS_A_PERSON = 2.0
# Whose tabs follow over a socket; the others poll every 2 to 30 s, the far ones seldom.
SOCKET_SHARE = 0.5
POLL_SECONDS_MEAN = 20.0
# At a draw's opening every poll is due within seconds; queue/estimate.py spreads them to this.
ASK_AT_OPENING_PER_SECOND = 50_000
# Pages of the event, the seat map and availability, each person present; what the CDN answers.
EVENT_READS_A_PERSON_SECOND = 0.5
CDN_SHARE = 0.9
# One selection in the time that a lock lives.
SELECTIONS_A_PERSON_SECOND = 0.1
# Of the reservations; the others find their seats taken or think better of it.
PAYMENT_SHARE = 0.5
PLACES_AN_ORDER = 2
# Even a small sale is not paid within less.
PAYING_SECONDS_MIN = 60
# Sessions last 30 days: few have to sign in anew in the hour before.
SIGN_IN_SHARE = 0.05
SIGN_IN_SECONDS = 3_600

# ── a core ──

# A bare JSON answer: requests a second of one process.
BARE_PER_SECOND = {"hypercorn": 4_300, "uvicorn": 19_400}
# Ratios to it. Status and join are the least that bench/queue accepts.
STATUS_RATIO = 0.45
JOIN_RATIO = 0.45
EVENT_READ_RATIO = 0.5  # answered from the process's memory
LOCK_RATIO = 0.45  # like a join: a token, one script
REFRESH_RATIO = 0.25  # a token checked, two signed, a write; an estimate
# Whatever the server: a quarter of a hand-written fan-out's 100,000; 0.6 of the database's 2,900;
# half of 400 whole orders a second on two cores; argon2's 120 ms.
MESSAGES_PER_CORE = 25_000
RESERVATIONS_PER_CORE = 1_740
PAYMENTS_PER_CORE = 200
SIGN_INS_PER_CORE = 1 / 0.12
# A second process on the same machine adds so much; beyond this share of a core people wait.
CORES_SCALING = 0.85
UTILISATION_MAX = 0.6
# A socket's memory, and the part of a task's memory that sockets may take.
SOCKET_KIB = 30
SOCKET_MEMORY_SHARE = 0.5
LIVE_TICK_SECONDS = 1.0

# ── the stores, which no task more makes faster ──

# Join scripts of one Redis shard; buyers that one PostgreSQL writer commits in batches.
SHARD_JOINS_PER_SECOND = 95_000
WRITER_RESERVATIONS_PER_SECOND = 12_000
