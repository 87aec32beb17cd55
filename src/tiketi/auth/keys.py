"""Auth's keys in Redis. Addresses and e-mail addresses stand in them as digests only."""

from hashlib import sha256

from tiketi.infra.keyspace import Pool, tag_for


def failures_key(email_key: str, address: str | None) -> str:
    """Failed log-ins to an account: from one address that it knows, or from all others."""
    account = _digest(email_key)
    return f"login:{{{tag_for(Pool.CACHE, account)}}}:{account}:failed:{_digest(address or '')}"


def known_address_key(email_key: str, address: str) -> str:
    """Set while the address is one from which the account was logged in to."""
    account = _digest(email_key)
    return f"login:{{{tag_for(Pool.CACHE, account)}}}:{account}:known:{_digest(address)}"


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]
