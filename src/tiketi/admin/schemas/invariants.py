"""The promises' counts on the wire."""

from tiketi.admin.invariants import Report
from tiketi.infra.http.wire import Moment, View


class InvariantView(View):
    name: str
    violations: int


class InvariantsView(View):
    ok: bool
    checked_at: Moment
    invariants: list[InvariantView]

    @classmethod
    def of(cls, report: Report) -> "InvariantsView":
        return cls(
            ok=report.ok,
            checked_at=report.checked_at,
            invariants=[
                InvariantView(name=count.name, violations=count.violations)
                for count in report.counts
            ],
        )
