"""How many seats, and what they are called, without making them."""

from collections.abc import Iterator

from tiketi.admin.catalogue.models import Layout, Section


def capacity_of(layout: Layout) -> int:
    return sum(size for section in layout.sections for _, size in row_sizes(section))


def labels_of(section: Section) -> Iterator[str]:
    """``ROW-NUMBER`` of every seat."""
    if isinstance(section.rows, int):
        for name, size in row_sizes(section):
            yield from (f"{name}-{number}" for number in range(1, size + 1))
        return
    for row in section.rows:
        if isinstance(row.seats, int):
            yield from (f"{row.name}-{number}" for number in range(1, row.seats + 1))
        else:
            yield from (f"{row.name}-{seat.number}" for seat in row.seats)


def row_sizes(section: Section) -> Iterator[tuple[str, int]]:
    """Each row's name and how many seats it has."""
    if isinstance(section.rows, int):
        first = section.start_row or 1
        for index in range(section.rows):
            yield str(first + index), section.seats_per_row or 0
        return
    for row in section.rows:
        yield row.name, row.seats if isinstance(row.seats, int) else len(row.seats)
