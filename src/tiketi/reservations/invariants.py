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
        "no_general_place_held_by_an_expired_reservation_over_60_s",
        """
        SELECT coalesce(sum(c.quantity), 0) FROM seats.general_claim AS c
        JOIN reservations.reservation AS r ON r.id = c.reservation_id
        WHERE c.state = 'h' AND (r.status <> 'pending'
            OR r.expires_at < now() - interval '60 seconds')""",
    ),
    Invariant(
        "every_sold_place_has_its_confirmed_reservation",
        """
        SELECT count(*) FROM (
            SELECT reservation_id FROM seats.seat WHERE state = 's'
            UNION ALL SELECT reservation_id FROM seats.general_claim WHERE state = 's') AS sold
        LEFT JOIN reservations.reservation AS r
            ON r.id = sold.reservation_id AND r.status = 'confirmed'
        WHERE r.id IS NULL""",
    ),
    Invariant(
        "every_held_place_has_its_reservation",
        """
        SELECT count(*) FROM (
            SELECT reservation_id FROM seats.seat WHERE state = 'h'
            UNION ALL SELECT reservation_id FROM seats.general_claim WHERE state = 'h') AS held
        LEFT JOIN reservations.reservation AS r ON r.id = held.reservation_id
        WHERE r.id IS NULL""",
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
        "a_live_reservation_owns_its_general_places",
        """
        SELECT count(*) FROM (
            SELECT r.id, i.tier_id, r.status, sum(i.quantity) AS places
            FROM reservations.reservation AS r
            JOIN reservations.item AS i ON i.reservation_id = r.id AND i.seat_index IS NULL
            WHERE r.status IN ('pending', 'confirmed')
            GROUP BY r.id, i.tier_id, r.status) AS live
        LEFT JOIN (
            SELECT reservation_id, tier_id, state, sum(quantity) AS places
            FROM seats.general_claim GROUP BY reservation_id, tier_id, state) AS c
            ON c.reservation_id = live.id AND c.tier_id = live.tier_id
            AND c.state = CASE live.status WHEN 'confirmed' THEN 's'::"char" ELSE 'h'::"char" END
        WHERE coalesce(c.places, 0) <> live.places""",
    ),
    Invariant(
        # An event's limit may be lowered later: what counts is the one that the places were taken
        # under.
        "nobody_over_their_limit",
        """
        SELECT count(*) FROM (
            SELECT r.event_id, r.user_id, sum(i.quantity) AS places
            FROM reservations.reservation AS r
            JOIN reservations.item AS i ON i.reservation_id = r.id
            WHERE r.status IN ('pending', 'confirmed') GROUP BY r.event_id, r.user_id) AS had
        LEFT JOIN reservations.quota AS q USING (event_id, user_id)
        WHERE had.places > coalesce(q.places_max, 0)""",
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
    Invariant(
        "limited_codes_match_their_orders",
        """
        SELECT count(*) FROM events.access_code AS k
        LEFT JOIN (
            SELECT unnest(access_code_ids) AS id, count(*) AS uses
            FROM reservations.reservation
            WHERE status IN ('pending', 'confirmed') AND access_code_ids IS NOT NULL
            GROUP BY 1) AS c USING (id)
        WHERE k.uses <> coalesce(c.uses, 0)""",
    ),
    Invariant(
        "an_offer_keeps_its_places",
        """
        SELECT count(*) FROM reservations.waiting_entry AS w
        WHERE w.status = 'offered' AND w.expires_at > now() AND w.quantity <> w.bought
            + (SELECT count(*) FROM seats.seat AS s WHERE s.allotment_id = w.allotment_id)
            + (SELECT coalesce(sum(b.capacity), 0) FROM seats.general_bucket AS b
                WHERE b.allotment_id = w.allotment_id)""",
    ),
    Invariant(
        "nobody_has_two_live_offers_at_an_event",
        """
        SELECT count(*) FROM (
            SELECT FROM reservations.waiting_entry WHERE status = 'offered'
            GROUP BY event_id, user_id HAVING count(*) > 1) AS twice""",
    ),
    Invariant(
        "what_is_kept_for_an_offer_has_its_entry",
        """
        SELECT count(*) FROM (
            SELECT allotment_id FROM seats.seat WHERE allotment_id IS NOT NULL
            UNION ALL SELECT allotment_id FROM seats.general_bucket
            WHERE allotment_id IS NOT NULL) AS kept
        JOIN seats.allotment AS a ON a.id = kept.allotment_id AND a.purpose = 'offer'
        LEFT JOIN reservations.waiting_entry AS w ON w.allotment_id = a.id
        WHERE w.id IS NULL""",
    ),
    Invariant(
        "what_came_free_is_looked_at_within_60_s",
        """
        SELECT count(*) FROM seats.returns AS r
        WHERE r.looked_at < now() - interval '60 seconds' AND (
            EXISTS (SELECT FROM seats.seat AS s WHERE s.allotment_id = r.allotment_id)
            OR EXISTS (SELECT FROM seats.general_bucket AS b
                WHERE b.allotment_id = r.allotment_id AND b.remaining > 0)
            OR EXISTS (SELECT FROM reservations.waiting_entry AS w WHERE w.event_id = r.event_id
                AND w.allotment_id IS NOT NULL AND w.expires_at <= now()))""",
    ),
)
