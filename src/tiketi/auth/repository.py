"""The SQL of accounts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from tiketi.auth.domain import Account, Credentials
from tiketi.infra.postgres import Reader, Tx
from tiketi.kernel.actor import Role

_COLUMNS = "id, email, name, phone, role, generation, created_at, password_hash"

_GENERATIONS = text("""
    SELECT id, generation FROM auth.account WHERE id = ANY(:ids) AND erased_at IS NULL""")
_FIND = text(f"""
    SELECT {_COLUMNS} FROM auth.account
    WHERE id = ANY(:ids) AND erased_at IS NULL""")  # noqa: S608 # constants of this file
_FIND_BY_EMAIL = text(f"""
    SELECT {_COLUMNS} FROM auth.account
    WHERE email_key = :email_key AND erased_at IS NULL""")  # noqa: S608 # constants of this file
_SEARCH = text(f"""
    SELECT {_COLUMNS} FROM auth.account
    WHERE erased_at IS NULL
        AND (email_key LIKE :email_prefix OR lower(name) COLLATE "C" LIKE lower(:name_prefix))
    ORDER BY id LIMIT :limit""")  # noqa: S608 # constants of this file
_INSERT = text(f"""
    INSERT INTO auth.account (id, email, email_key, name, phone, role, password_hash, created_at)
    VALUES (:id, :email, :email_key, :name, :phone, :role, :password_hash, :now)
    ON CONFLICT (email_key) DO NOTHING
    RETURNING {_COLUMNS}""")  # noqa: S608 # constants of this file
_ENROL = text("""
    INSERT INTO auth.account (id, email, email_key, name, created_at)
    SELECT id, email, email_key, split_part(email, '@', 1), :now
    FROM unnest(CAST(:ids AS uuid[]), CAST(:emails AS text[]), CAST(:email_keys AS text[]))
        AS given (id, email, email_key)
    ON CONFLICT (email_key) DO NOTHING""")
_SET_PROFILE = text(f"""
    UPDATE auth.account SET
        name = COALESCE(:name, name),
        phone = CASE WHEN :with_phone THEN CAST(:phone AS text) ELSE phone END
    WHERE id = :id AND erased_at IS NULL
    RETURNING {_COLUMNS}""")  # noqa: S608 # constants of this file
_SET_ROLE = text(f"""
    UPDATE auth.account SET role = :role,
        generation = generation + CASE WHEN role = :role THEN 0 ELSE 1 END
    WHERE id = :id AND erased_at IS NULL
    RETURNING {_COLUMNS}""")  # noqa: S608 # constants of this file
_SET_PASSWORD = text(f"""
    UPDATE auth.account SET password_hash = :password_hash, generation = generation + 1
    WHERE id = :id AND erased_at IS NULL
        AND (CAST(:expected AS text) IS NULL OR password_hash = :expected)
    RETURNING {_COLUMNS}""")  # noqa: S608 # constants of this file
_BUMP_GENERATION = text("""
    UPDATE auth.account SET generation = generation + 1
    WHERE id = :id AND erased_at IS NULL""")
_ERASE = text("""
    UPDATE auth.account SET
        email = :pseudonym, email_key = :pseudonym, name = 'Erased', phone = NULL,
        password_hash = NULL, role = 'user', generation = generation + 1, erased_at = :now
    WHERE id = :id AND erased_at IS NULL""")


async def read_generations(reader: Reader, user_ids: Sequence[UUID]) -> dict[UUID, int]:
    """The token generation of those that stand, by id."""
    rows = await reader.rows(_GENERATIONS, {"ids": list(user_ids)})
    return {row["id"]: row["generation"] for row in rows}


async def find_accounts(reader: Reader, user_ids: Sequence[UUID]) -> dict[UUID, Account]:
    """Those that stand, by id."""
    rows = await reader.execute(_FIND, {"ids": list(user_ids)})
    return {row.id: _account(row) for row in rows}


async def find_credentials(reader: Reader, user_id: UUID) -> Credentials | None:
    return _credentials((await reader.execute(_FIND, {"ids": [user_id]})).first())


async def find_credentials_by_email(reader: Reader, email_key: str) -> Credentials | None:
    return _credentials((await reader.execute(_FIND_BY_EMAIL, {"email_key": email_key})).first())


async def search_accounts(
    reader: Reader, *, email_prefix: str, name_prefix: str, limit: int
) -> list[Account]:
    """The prefixes are taken literally."""
    patterns = {"email_prefix": _pattern(email_prefix), "name_prefix": _pattern(name_prefix)}
    rows = await reader.execute(_SEARCH, {**patterns, "limit": limit})
    return [_account(row) for row in rows]


async def insert_account(tx: Tx, **columns: Any) -> Account | None:
    """None when the address names an account already."""
    row = (await tx.execute(_INSERT, columns)).first()
    return None if row is None else _account(row)


async def insert_accounts(
    tx: Tx, *, ids: Sequence[UUID], emails: Sequence[str], email_keys: Sequence[str], now: datetime
) -> int:
    """How many were new."""
    columns = {"ids": list(ids), "emails": list(emails), "email_keys": list(email_keys)}
    return (await tx.execute(_ENROL, {**columns, "now": now})).rowcount


async def set_profile(
    tx: Tx, user_id: UUID, *, name: str | None, phone: str | None, with_phone: bool
) -> Account | None:
    """No ``name`` leaves the name; the phone number is set, or taken off, ``with_phone`` only."""
    columns = {"id": user_id, "name": name, "phone": phone, "with_phone": with_phone}
    row = (await tx.execute(_SET_PROFILE, columns)).first()
    return None if row is None else _account(row)


async def set_role(tx: Tx, user_id: UUID, role: Role) -> Account | None:
    """Another role is another generation; the same role changes nothing."""
    row = (await tx.execute(_SET_ROLE, {"id": user_id, "role": role.value})).first()
    return None if row is None else _account(row)


async def set_password(
    tx: Tx, user_id: UUID, password_hash: str, *, expected: str | None = None
) -> Account | None:
    """None when the account is gone, or its hash is no longer the ``expected`` one."""
    columns = {"id": user_id, "password_hash": password_hash, "expected": expected}
    row = (await tx.execute(_SET_PASSWORD, columns)).first()
    return None if row is None else _account(row)


async def bump_generation(tx: Tx, user_id: UUID) -> bool:
    """Refuse every access token issued so far; False when the account is gone."""
    return (await tx.execute(_BUMP_GENERATION, {"id": user_id})).rowcount == 1


async def erase_account(tx: Tx, user_id: UUID, *, pseudonym: str, now: datetime) -> bool:
    """False when it was erased before."""
    columns = {"id": user_id, "pseudonym": pseudonym, "now": now}
    return (await tx.execute(_ERASE, columns)).rowcount == 1


def _credentials(row: Row[Any] | None) -> Credentials | None:
    return None if row is None else Credentials(_account(row), row.password_hash)


def _account(row: Row[Any]) -> Account:
    return Account(
        id=row.id,
        email=row.email,
        name=row.name,
        phone=row.phone,
        role=Role(row.role),
        generation=row.generation,
        created_at=row.created_at,
    )


def _pattern(prefix: str) -> str:
    return prefix.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
