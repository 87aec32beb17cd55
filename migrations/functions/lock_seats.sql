-- Locks, in sorted order, the seats that a batch of claims asks for, until the transaction ends.
-- claims[i] wants seat seats[i] of event event_ids[i]; opened_claims[j] may take seats of the
-- allotment opened_allotments[j]. Answers each claim that cannot have all of its seats, and which
-- those are.
CREATE FUNCTION seats.lock_seats(
    claims int[], event_ids uuid[], seats int[], opened_claims int[], opened_allotments uuid[]
) RETURNS TABLE (claim int, missing int[]) LANGUAGE sql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
    WITH wanted AS (
        SELECT w.claim, w.event_id, w.seat
        FROM unnest(claims, event_ids, seats) AS w (claim, event_id, seat)),
    locked AS MATERIALIZED (
        SELECT s.event_id, s.seat_index, s.state, s.allotment_id
        FROM (SELECT DISTINCT event_id, seat FROM wanted ORDER BY event_id, seat) AS w
        JOIN seats.seat AS s ON s.event_id = w.event_id AND s.seat_index = w.seat
        WHERE s.state IN ('a', 'b')
        ORDER BY s.event_id, s.seat_index FOR UPDATE OF s)
    SELECT w.claim, array_agg(w.seat ORDER BY w.seat)
    FROM wanted AS w
    LEFT JOIN locked AS l ON l.event_id = w.event_id AND l.seat_index = w.seat
    WHERE l.seat_index IS NULL OR (l.state = 'b' AND NOT EXISTS (
        SELECT FROM unnest(opened_claims, opened_allotments) AS o (claim, allotment_id)
        WHERE o.claim = w.claim AND o.allotment_id = l.allotment_id))
    GROUP BY w.claim
$$;
