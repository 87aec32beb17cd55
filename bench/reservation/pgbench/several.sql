-- One buyer of four seats, a transaction of several statements: what a plain service does.
-- event is a uuid, n counts each client's buyers.
\set n :n + 1
\set first (:client_id + :n * :clients) * 4
BEGIN;
INSERT INTO reservations.quota AS q (event_id, user_id, places, places_max)
    VALUES (:event::uuid, gen_random_uuid(), 4, 4)
    ON CONFLICT (event_id, user_id) DO UPDATE SET places = q.places + excluded.places
    WHERE q.places + excluded.places <= excluded.places_max RETURNING user_id AS buyer \gset
SELECT seat_index FROM seats.seat WHERE event_id = :event::uuid
    AND seat_index BETWEEN :first::int AND :first::int + 3 AND state = 'a' ORDER BY seat_index FOR UPDATE;
INSERT INTO reservations.reservation (id, number, event_id, user_id, status, amount_minor, currency,
    expires_at, key_path, key, key_fingerprint, answer)
    VALUES (gen_random_uuid(), 'TK-' || :first::text || '-' || random(), :event::uuid, :buyer::uuid, 'pending', 200000,
        'KRW', now() + interval '5 minutes', '/api/v1/reservations', :first::text, '\x00', '\x00')
    RETURNING id AS reservation \gset
UPDATE seats.seat SET state = 'h', reservation_id = :reservation::uuid WHERE event_id = :event::uuid
    AND seat_index BETWEEN :first::int AND :first::int + 3 AND state = 'a';
INSERT INTO reservations.item (reservation_id, position, seat_index, seat_id, section, tier_id,
    unit_price_minor, quantity)
    SELECT :reservation::uuid, p, :first::int + p, 'A-1-' || p, 'A', :event::uuid, 50000, 1
    FROM generate_series(0, 3) AS p;
COMMIT;
