"""What a ledger holds, as values."""

from collections.abc import Mapping
from datetime import datetime

import attrs

from plextera_async._sansio.ledger_states import State

__all__ = ["MISSING", "Counts", "Entry", "OutMark", "Row"]

MISSING = "NOT_FOUND"
"""Code of what a submitted document met whose extraction the service does not know."""


@attrs.frozen(kw_only=True)
class Entry:
    """What is written down of a document when it is first seen."""

    identity: bytes = attrs.field(repr=False)
    key: str = attrs.field(repr=False)
    source: str | None = attrs.field(repr=False)
    """What people recognise it by: a path, an address without its query, the id of a file; None if only by its key."""


@attrs.frozen(kw_only=True)
class Row:
    """What the ledger knows of a document."""

    id: int
    key: str = attrs.field(repr=False)
    source: str | None = attrs.field(repr=False)
    state: State
    run: int
    """Number of the last run that met it."""
    sends: int
    """How often it was sent, or was about to be; without what was certainly not taken."""
    began: datetime | None
    """When it was first about to be sent under this key."""
    extraction_id: str | None
    error: str | None
    """Code of what it met last."""
    is_taken: bool


@attrs.frozen
class OutMark:
    """How much of the command's output file counts, and how its last line is recognised."""

    path: str
    inode: int = 0
    """Which file it was when it was opened: all that tells one from another while it is empty."""
    length: int = 0
    last_length: int = 0
    last_checksum: int = 0


@attrs.frozen
class Counts:
    """How many documents a ledger has, by state."""

    by_state: Mapping[State, int]
    not_taken: int
    """Those that have ended and whose outcome nobody has taken."""
    missing: int = 0
    """Those of the submitted whose extraction the service did not know when it was asked last."""

    @property
    def is_all_completed(self) -> bool:
        """Whether there are documents, and each has a result."""
        return set(self.by_state) == {State.COMPLETED}
