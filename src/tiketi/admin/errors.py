"""What the admin service refuses."""

from tiketi.kernel.errors import Kind, TiketiError


class OwnRole(TiketiError):
    """Somebody else has to: so there is always an admin left."""

    code = "own_role"
    kind = Kind.CONFLICT
    title = "Nobody takes their own admin role away"
