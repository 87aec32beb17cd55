-- Locks, in sorted order, the seats that a batch of claims asks for, until the transaction ends.
-- claims[i] wants seat seats[i] of event event_ids[i]; opened_claims[j] may take seats of the
-- allotment opened_allotments[j]. Answers each claim that cannot have all of its seats, and which
-- those are.
CREATE FUNCTION seats.lock_seats(
    claims int[], event_ids uuid[], seats int[], opened_claims int[], opened_allotments uuid[]
) RETURNS TABLE (claim int, missing int[]) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    WITH wanted AS MATERIALIZED (
        SELECT w.claim, w.event_id, w.seat
        FROM unnest(claims, event_ids, seats) AS w (claim, event_id, seat)),
    locked AS MATERIALIZED (
        SELECT s.event_id, s.seat_index, s.state, s.allotment_id
        FROM (SELECT DISTINCT event_id, seat FROM wanted ORDER BY event_id, seat) AS w
        JOIN seats.seat AS s ON s.event_id = w.event_id AND s.seat_index = w.seat
        WHERE s.state IN ('a', 'b')
        ORDER BY s.event_id, s.seat_index FOR UPDATE OF s),
    -- By sorting, since no join of these two would use an index.
    judged AS (
        SELECT b.claim, b.seat, max(b.state) OVER seat AS state,
            max(b.allotment_id::text) OVER seat AS allotment_id
        FROM (
            SELECT w.claim, w.event_id, w.seat, NULL::text AS state, NULL::uuid AS allotment_id
            FROM wanted AS w
            UNION ALL
            SELECT NULL, l.event_id, l.seat_index, l.state::text, l.allotment_id
            FROM locked AS l) AS b
        WINDOW seat AS (PARTITION BY b.event_id, b.seat))
    SELECT j.claim, array_agg(j.seat ORDER BY j.seat) FROM judged AS j
    WHERE j.claim IS NOT NULL AND (j.state IS NULL OR (j.state = 'b' AND NOT EXISTS (
        SELECT FROM unnest(opened_claims, opened_allotments) AS o (claim, allotment_id)
        WHERE o.claim = j.claim AND o.allotment_id = j.allotment_id::uuid)))
    GROUP BY j.claim;
END $$;
