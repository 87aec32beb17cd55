"""Access codes on the wire: only their organizer reads them."""

from typing import Annotated

from pydantic import Field, StringConstraints

from tiketi.events.api import AccessCode, CodeFor, NewCode, Presale
from tiketi.infra.http.wire import Body, Moment, MomentIn, View

CODES_MAX = 1_000
USES_MAX = 1_000_000

# Typed by people, from a letter or a screen: any visible characters, blanks within included.
Code = Annotated[
    str,
    StringConstraints(min_length=4, max_length=64, strip_whitespace=True),
    Field(pattern=r"^\S(.*\S)?$", description="Upper or lower case is the same."),
]
UsesMax = Annotated[int, Field(ge=1, le=USES_MAX)]


class PresaleCodeBody(Body):
    code: Code
    uses_max: UsesMax | None = Field(None, description="In orders; null: without limit.")


class PresaleBody(Body):
    """From `opens_at` to `sale_opens_at`, who has one of the codes may buy."""

    opens_at: MomentIn
    codes: Annotated[list[PresaleCodeBody], Field(min_length=1, max_length=CODES_MAX)]

    def as_presale(self) -> Presale:
        codes = (NewCode(c.code, CodeFor.PRESALE, uses_max=c.uses_max) for c in self.codes)
        return Presale(self.opens_at, tuple(codes))


class PresaleCodeView(View):
    code: str
    uses_max: int | None
    uses: int | None = Field(description="Counted where there is a limit.")

    @classmethod
    def of(cls, code: AccessCode) -> "PresaleCodeView":
        uses = None if code.uses_max is None else code.uses
        return cls(code=code.code, uses_max=code.uses_max, uses=uses)


class PresaleView(View):
    opens_at: Moment
    codes: list[PresaleCodeView]
