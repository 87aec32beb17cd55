"""A small house to choose in: VIP of 2 rows by 4, A of 1 row by 4; KRW 300 and 100."""

from tiketi.cli.simulate.house import House, Snapshot


def house() -> House:
    sections = [("VIP", "t1", 2), ("A", "t2", 1)]
    event = {
        "id": "event",
        "currency": "KRW",
        "tiers": [
            {"id": "t1", "name": "VIP", "price": 300},
            {"id": "t2", "name": "A", "price": 100},
        ],
    }
    seat_map = {
        "sections": [
            {
                "id": name,
                "tier_id": tier,
                "rows": [
                    {"name": str(row), "seats": [{"id": f"{name}-{row}-{n}"} for n in range(1, 5)]}
                    for row in range(1, rows + 1)
                ],
            }
            for name, tier, rows in sections
        ]
    }
    return House.of(event, seat_map)


def snapshot(vip: str, a: str) -> Snapshot:
    return Snapshot.of(house(), {"version": 1, "sections": {"VIP": vip, "A": a}})
