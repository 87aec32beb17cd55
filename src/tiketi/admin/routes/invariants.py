"""The call that proves the promises."""

from tiketi.admin.invariants import check_invariants
from tiketi.admin.routes.table import routes
from tiketi.admin.schemas.invariants import InvariantsView
from tiketi.infra.http.call import Call
from tiketi.infra.http.routes import Access


@routes.get("/health/invariants", access=Access.ADMIN, answer=InvariantsView)
async def get_invariants(call: Call[None, None]) -> InvariantsView:
    """Count what breaks each promise, at one moment; 0 everywhere is `ok`."""
    return InvariantsView.of(await check_invariants(call.runtime))
