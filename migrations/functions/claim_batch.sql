-- Decides a batch of claims in their order: each reservation gets all of its places or none.
--
-- Arrays of one length describe the claims; item_claims[i], from 1, says whose item the i-th is.
-- A general item has no seat. `keys` may hold nulls. Answers a row a claim, its outcome one of
--   held      the reservation exists, its places are its own
--   replayed  the key was used before: status, body and fingerprint of that answer
--   taken     missing: the seats that somebody else has
--   sold_out, over_limit
--   code_used_up  of a limited code (code_claims[j] counts one use of codes[j])
-- and to those three, own: a pending reservation of the account, which may be what is asked for
--   again     undecided: it met another claim of this batch, or needs `gather` (choose_buckets)
-- Locks are taken in the order of every other writer: quotas, codes, seats, buckets, each sorted.
CREATE FUNCTION reservations.claim_batch(
    ids uuid[], numbers text[], event_ids uuid[], user_ids uuid[], places int[], places_max int[],
    amounts bigint[], currencies text[], expiries timestamptz[], created timestamptz[],
    key_paths text[], keys text[], fingerprints bytea[], answers bytea[],
    item_claims int[], positions smallint[], seats int[], seat_ids text[], sections text[],
    tiers uuid[], prices bigint[], quantities int[],
    opened_claims int[], opened_allotments uuid[], code_claims int[], codes uuid[],
    key_ttl interval, gather boolean
) RETURNS TABLE (
    claim int, outcome text, missing int[], own uuid, status int, body bytea, fingerprint bytea
) LANGUAGE plpgsql
-- A plan made while the tables were small must hold when they have grown within the minute.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    outcomes text[] := array_fill(NULL::text, ARRAY[cardinality(ids)]);
    missed jsonb := '{}';  -- claim → the seats that it cannot have
    used int[] := array_fill(0, ARRAY[cardinality(ids)]);  -- places that the account has
    each record;
    part_claims int[] := '{}';
    part_tiers uuid[] := '{}';
    parts smallint[] := '{}';
    part_quantities int[] := '{}';
BEGIN
    FOR each IN
        SELECT n, answered.* FROM unnest(user_ids, key_paths, keys)
            WITH ORDINALITY AS c (user_id, path, key, n)
        JOIN LATERAL (
            SELECT k.status::int AS status, k.body, k.fingerprint, k.created_at, NULL::uuid AS id
            FROM infra.idempotency_key AS k WHERE k.user_id = c.user_id AND k.method = 'POST'
                AND k.path = c.path AND k.key = c.key
            UNION ALL
            SELECT 201, r.answer, r.key_fingerprint, r.created_at, r.id
            FROM reservations.reservation AS r
            WHERE r.user_id = c.user_id AND r.key_path = c.path AND r.key = c.key
        ) AS answered ON true
    LOOP
        IF each.created_at > now() - key_ttl THEN
            outcomes[each.n] := 'replayed';
            RETURN QUERY SELECT each.n::int, 'replayed', NULL::int[], NULL::uuid, each.status,
                each.body, each.fingerprint;
        ELSIF each.id IS NOT NULL THEN
            UPDATE reservations.reservation AS r SET key = NULL WHERE r.id = each.id;
        END IF;
    END LOOP;

    -- The accounts' counts, where there are any, are locked. Of several claims of one account those
    -- are asked that fit together; the others are asked again, when it is known what these came to.
    -- One by one: in a join for all, a plan of when there were few counts reads every one of them.
    FOR each IN
        SELECT c.n, q.places FROM (
            SELECT u.* FROM unnest(event_ids, user_ids) WITH ORDINALITY AS u (event_id, user_id, n)
            WHERE outcomes[u.n] IS NULL ORDER BY u.event_id, u.user_id) AS c
        CROSS JOIN LATERAL (
            SELECT k.places FROM reservations.quota AS k
            WHERE k.event_id = c.event_id AND k.user_id = c.user_id FOR UPDATE) AS q
    LOOP
        used[each.n] := each.places;
    END LOOP;
    FOR each IN
        SELECT n, c.used + c.places > c.places_max AS is_over,
            c.used + sum(c.places) OVER (PARTITION BY c.event_id, c.user_id ORDER BY n)
                > c.places_max AS is_late
        FROM unnest(event_ids, user_ids, places, places_max, used)
            WITH ORDINALITY AS c (event_id, user_id, places, places_max, used, n)
        WHERE outcomes[n] IS NULL
    LOOP
        IF each.is_over THEN
            outcomes[each.n] := 'over_limit';
        ELSIF each.is_late THEN
            outcomes[each.n] := 'again';
        END IF;
    END LOOP;

    -- Limited codes are locked, and of the claims with one those are asked that it is left for.
    IF cardinality(codes) > 0 THEN
        FOR each IN
            WITH locked AS MATERIALIZED (
                SELECT k.id, k.uses, k.uses_max FROM events.access_code AS k
                WHERE k.id = ANY(codes) ORDER BY k.id FOR UPDATE OF k)
            SELECT c.claim, bool_or(k.id IS NULL OR k.uses >= k.uses_max) AS is_used_up
            FROM (SELECT u.claim, u.code, row_number() OVER (PARTITION BY u.code ORDER BY u.claim)
                    AS nth FROM unnest(code_claims, codes) AS u (claim, code)
                WHERE outcomes[u.claim] IS NULL) AS c
            LEFT JOIN locked AS k ON k.id = c.code
            WHERE k.id IS NULL OR k.uses + c.nth > k.uses_max GROUP BY c.claim
        LOOP
            outcomes[each.claim] :=
                CASE WHEN each.is_used_up THEN 'code_used_up' ELSE 'again' END;
        END LOOP;
    END IF;

    FOR each IN
        SELECT l.claim, l.missing FROM (
            SELECT array_agg(i.claim) AS claims, array_agg(event_ids[i.claim]) AS event_ids,
                array_agg(i.seat) AS seats
            FROM unnest(item_claims, claim_batch.seats) AS i (claim, seat)
            WHERE i.seat IS NOT NULL AND outcomes[i.claim] IS NULL HAVING count(*) > 0) AS w,
            seats.lock_seats(w.claims, w.event_ids, w.seats, opened_claims, opened_allotments) AS l
    LOOP
        outcomes[each.claim] := 'taken';
        missed := missed || jsonb_build_object(each.claim, each.missing);
    END LOOP;
    -- Of two that may have one seat the first is asked; whether the other may, shows at the end.
    IF cardinality(ids) > 1 THEN
        FOR each IN
            SELECT DISTINCT rival.claim FROM (
                SELECT i.claim, min(i.claim) OVER (PARTITION BY event_ids[i.claim], i.seat) AS first
                FROM unnest(item_claims, claim_batch.seats) AS i (claim, seat)
                WHERE i.seat IS NOT NULL AND outcomes[i.claim] IS NULL) AS rival
            WHERE rival.first < rival.claim
        LOOP
            outcomes[each.claim] := 'rival';
        END LOOP;
    END IF;

    IF array_position(claim_batch.seats, NULL) IS NOT NULL THEN
        FOR each IN
            SELECT b.* FROM (
                SELECT array_agg(i.claim ORDER BY i.claim) AS claims,
                    array_agg(i.tier ORDER BY i.claim) AS tiers,
                    array_agg(i.quantity ORDER BY i.claim) AS quantities
                FROM unnest(item_claims, claim_batch.seats, claim_batch.tiers, claim_batch.quantities)
                    AS i (claim, seat, tier, quantity)
                WHERE i.seat IS NULL AND outcomes[i.claim] IS NULL HAVING count(*) > 0) AS w,
                seats.choose_buckets(w.claims, w.tiers, w.quantities, opened_claims,
                    opened_allotments, gather) AS b
        LOOP
            IF each.bucket IS NULL THEN
                outcomes[each.claim] := CASE WHEN each.quantity < 0 THEN 'again' ELSE 'sold_out' END;
            ELSE
                part_claims := part_claims || each.claim;
                part_tiers := part_tiers || each.tier_id;
                parts := parts || each.bucket;
                part_quantities := part_quantities || each.quantity;
            END IF;
        END LOOP;
    END IF;

    -- Who had no count yet may have got one elsewhere since: then they are asked again.
    WITH asking AS MATERIALIZED (
        SELECT c.* FROM unnest(event_ids, user_ids, places, places_max)
            WITH ORDINALITY AS c (event_id, user_id, places, places_max, n)
        WHERE outcomes[c.n] IS NULL),
    counted AS (
        INSERT INTO reservations.quota AS q (event_id, user_id, places, places_max)
        SELECT a.event_id, a.user_id, sum(a.places), max(a.places_max) FROM asking AS a
        GROUP BY a.event_id, a.user_id ORDER BY a.event_id, a.user_id
        ON CONFLICT (event_id, user_id) DO UPDATE SET
            places = q.places + excluded.places, places_max = excluded.places_max
            WHERE q.places + excluded.places <= excluded.places_max
        RETURNING q.event_id, q.user_id)
    SELECT array_agg(CASE WHEN j.outcome IS NOT NULL THEN j.outcome
            WHEN j.is_counted THEN 'held' ELSE 'again' END ORDER BY j.n) FILTER (WHERE j.n > 0)
    INTO outcomes FROM (
        SELECT b.n, b.outcome, bool_or(b.n = 0) OVER (PARTITION BY b.event_id, b.user_id)
            AS is_counted
        FROM (
            SELECT c.n, c.event_id, c.user_id, c.outcome FROM unnest(event_ids, user_ids, outcomes)
                WITH ORDINALITY AS c (event_id, user_id, outcome, n)
            UNION ALL
            SELECT 0, c.event_id, c.user_id, NULL FROM counted AS c) AS b) AS j;

    INSERT INTO reservations.reservation (id, number, event_id, user_id, status, amount_minor,
        currency, expires_at, created_at, key_path, key, key_fingerprint, answer)
    SELECT c.id, c.number, c.event_id, c.user_id, 'pending', c.amount, c.currency, c.expires_at,
        c.created_at, c.key_path, c.key, c.fingerprint, c.answer
    FROM unnest(ids, numbers, event_ids, user_ids, amounts, currencies, expiries, created,
            key_paths, keys, fingerprints, answers)
        WITH ORDINALITY AS c (id, number, event_id, user_id, amount, currency, expires_at,
            created_at, key_path, key, fingerprint, answer, n)
    WHERE outcomes[n] = 'held' ORDER BY c.user_id, c.key;
    INSERT INTO reservations.item (reservation_id, position, seat_index, seat_id, section, tier_id,
        unit_price_minor, quantity)
    SELECT ids[i.claim], i.position, i.seat, i.seat_id, i.section, i.tier, i.price, i.quantity
    FROM unnest(item_claims, positions, claim_batch.seats, seat_ids, sections, claim_batch.tiers,
            prices, claim_batch.quantities)
        AS i (claim, position, seat, seat_id, section, tier, price, quantity)
    WHERE outcomes[i.claim] = 'held';
    UPDATE seats.seat AS s SET state = 'h', reservation_id = ids[i.claim]
    FROM unnest(item_claims, claim_batch.seats) AS i (claim, seat)
    WHERE outcomes[i.claim] = 'held' AND s.event_id = event_ids[i.claim] AND s.seat_index = i.seat;
    IF cardinality(parts) > 0 THEN
        UPDATE seats.general_bucket AS b
        SET remaining = b.remaining - p.quantity, held = b.held + p.quantity
        FROM (SELECT tier_id, bucket, sum(quantity)::int AS quantity
            FROM unnest(part_claims, part_tiers, parts, part_quantities)
                AS p (claim, tier_id, bucket, quantity)
            WHERE outcomes[p.claim] = 'held' GROUP BY tier_id, bucket) AS p
        WHERE b.tier_id = p.tier_id AND b.bucket = p.bucket;
        INSERT INTO seats.general_claim (reservation_id, tier_id, bucket, quantity, state)
        SELECT ids[p.claim], p.tier_id, p.bucket, p.quantity, 'h'
        FROM unnest(part_claims, part_tiers, parts, part_quantities)
            AS p (claim, tier_id, bucket, quantity) WHERE outcomes[p.claim] = 'held';
    END IF;

    IF cardinality(codes) > 0 THEN
        UPDATE events.access_code AS k SET uses = k.uses + c.uses
        FROM (SELECT u.code, count(*)::int AS uses FROM unnest(code_claims, codes)
                AS u (claim, code) WHERE outcomes[u.claim] = 'held' GROUP BY u.code) AS c
        WHERE k.id = c.code;
        UPDATE reservations.reservation AS r SET access_code_ids = c.codes
        FROM (SELECT u.claim, array_agg(u.code ORDER BY u.code) AS codes
            FROM unnest(code_claims, codes) AS u (claim, code)
            WHERE outcomes[u.claim] = 'held' GROUP BY u.claim) AS c
        WHERE r.id = ids[c.claim];
    END IF;

    IF 'held' = ALL (outcomes) THEN
        RETURN QUERY SELECT n, 'held', NULL::int[], NULL::uuid, NULL::int, NULL::bytea, NULL::bytea
            FROM generate_subscripts(ids, 1) AS n;
        RETURN;
    END IF;
    RETURN QUERY
        SELECT n::int, CASE WHEN o.outcome <> 'rival' THEN o.outcome
            WHEN lost.seats IS NULL THEN 'again' ELSE 'taken' END,
            lost.seats, CASE WHEN used[n] > 0 AND o.outcome <> 'held' THEN (
                SELECT r.id FROM reservations.reservation AS r
                WHERE r.user_id = user_ids[n] AND r.event_id = event_ids[n]
                    AND r.status = 'pending' ORDER BY r.id DESC LIMIT 1) END,
            NULL::int, NULL::bytea, NULL::bytea
        FROM unnest(outcomes) WITH ORDINALITY AS o (outcome, n)
        LEFT JOIN LATERAL (
            SELECT ARRAY(SELECT jsonb_array_elements_text(missed -> n::text)::int) AS seats
            WHERE o.outcome = 'taken'
            UNION ALL
            SELECT array_agg(mine.seat ORDER BY mine.seat)
            FROM unnest(item_claims, claim_batch.seats) AS mine (claim, seat)
            JOIN unnest(item_claims, claim_batch.seats) AS won (claim, seat)
                ON won.seat = mine.seat AND outcomes[won.claim] = 'held'
                AND event_ids[won.claim] = event_ids[mine.claim]
            WHERE o.outcome = 'rival' AND mine.claim = n HAVING o.outcome = 'rival') AS lost
            ON true
        WHERE o.outcome <> 'replayed';
END $$;
