"""The promises that reservations keep, each as one query that counts what breaks it."""

from tiketi.infra.invariants import Invariant

INVARIANTS = (
    Invariant(
        "no_seat_held_by_an_expired_reservation_over_60_s",
        """
        SELECT count(*) FROM seats.seat AS s
        JOIN reservations.reservation AS r ON r.id = s.reservation_id
        WHERE s.state = 'h' AND (r.status <> 'pending'
            OR r.expires_at < now() - interval '60 seconds')""",
    ),
    Invariant(
        "a_live_reservation_owns_its_seats",
        """
        SELECT count(*) FROM reservations.item AS i
        JOIN reservations.reservation AS r ON r.id = i.reservation_id
        LEFT JOIN seats.seat AS s ON s.event_id = r.event_id AND s.seat_index = i.seat_index
            AND s.reservation_id = r.id
            AND s.state = CASE r.status WHEN 'confirmed' THEN 's'::"char" ELSE 'h'::"char" END
        WHERE r.status IN ('pending', 'confirmed') AND i.seat_index IS NOT NULL
            AND s.event_id IS NULL""",
    ),
    Invariant(
        "nobody_over_their_limit",
        """
        SELECT count(*) FROM (
            SELECT r.event_id, r.user_id, sum(i.quantity) AS places
            FROM reservations.reservation AS r
            JOIN reservations.item AS i ON i.reservation_id = r.id
            WHERE r.status IN ('pending', 'confirmed') GROUP BY r.event_id, r.user_id) AS had
        JOIN events.event AS e ON e.id = had.event_id
        WHERE had.places > e.seats_per_user""",
    ),
    Invariant(
        "quotas_match_reservations",
        """
        SELECT count(*) FROM reservations.quota AS q
        FULL JOIN (
            SELECT r.event_id, r.user_id, sum(i.quantity) AS places
            FROM reservations.reservation AS r
            JOIN reservations.item AS i ON i.reservation_id = r.id
            WHERE r.status IN ('pending', 'confirmed') GROUP BY r.event_id, r.user_id) AS had
            USING (event_id, user_id)
        WHERE coalesce(q.places, 0) <> coalesce(had.places, 0)""",
    ),
)
