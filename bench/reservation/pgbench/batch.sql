-- :buyers buyers of four seats each, decided by the service's own function, one statement.
\set n :n + 1
\set first (:client_id + :n * :clients) * 4 * :buyers
SELECT count(*) FROM reservations.claim_batch(
    (SELECT array_agg(gen_random_uuid()) FROM generate_series(1, :buyers::int)),
    (SELECT array_agg('TK-' || :first::text || '-' || random()) FROM generate_series(1, :buyers::int)),
    array_fill(:event::uuid, ARRAY[:buyers::int]),
    (SELECT array_agg(gen_random_uuid()) FROM generate_series(1, :buyers::int)),
    array_fill(4, ARRAY[:buyers::int]), array_fill(4, ARRAY[:buyers::int]),
    array_fill(200000::bigint, ARRAY[:buyers::int]), array_fill('KRW'::text, ARRAY[:buyers::int]),
    array_fill(now() + interval '5 minutes', ARRAY[:buyers::int]), array_fill(now(), ARRAY[:buyers::int]),
    array_fill('/api/v1/reservations'::text, ARRAY[:buyers::int]),
    (SELECT array_agg('key-' || c) FROM generate_series(1, :buyers::int) AS c),
    array_fill('\x00'::bytea, ARRAY[:buyers::int]), array_fill('\x00'::bytea, ARRAY[:buyers::int]),
    (SELECT array_agg(i / 4 + 1) FROM generate_series(0, :buyers::int * 4 - 1) AS i),
    (SELECT array_agg((i % 4)::smallint) FROM generate_series(0, :buyers::int * 4 - 1) AS i),
    (SELECT array_agg(:first::int + i) FROM generate_series(0, :buyers::int * 4 - 1) AS i),
    array_fill('A-1-1'::text, ARRAY[:buyers::int * 4]), array_fill('A'::text, ARRAY[:buyers::int * 4]),
    array_fill(:event::uuid, ARRAY[:buyers::int * 4]),
    array_fill(50000::bigint, ARRAY[:buyers::int * 4]), array_fill(1, ARRAY[:buyers::int * 4]),
    '{}', '{}', '{}', '{}', interval '1 day', false) AS decided WHERE decided.outcome = 'held';
