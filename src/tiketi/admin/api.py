"""The door of the admin module: what the command line and the catalogue use of it."""

from tiketi.admin.domain import EventDraft, GeneralTier
from tiketi.admin.drafting import create_event
from tiketi.admin.invariants import Report, check_invariants

__all__ = ["EventDraft", "GeneralTier", "Report", "check_invariants", "create_event"]
