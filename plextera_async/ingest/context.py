"""What the documents of one run share."""

from typing import Literal

import anyio
import attrs

from plextera_async.client.client import AsyncPlextera
from plextera_async.client.documents import Document
from plextera_async.client.extractions import Extractions
from plextera_async.errors import PlexteraError
from plextera_async.ingest.scribe import Scribe

__all__ = ["Context", "Figures", "OnAmbiguous", "PutOff"]

OnAmbiguous = Literal["resend", "hold"]

_MOST_PUT_OFF = 10_000


@attrs.define
class Figures:
    """How a run stands; it changes while the run goes on."""

    sending: int = 0
    """Documents that are being submitted or looked up."""
    waiting: int = 0
    """Documents that are submitted and whose end is waited for."""
    skipped: int = 0
    """Documents that gave no outcome: theirs was taken in an earlier run, or they came twice in this one."""
    not_handed_in: int = 0
    """Documents that the ledger knows and that must be sent, but were not handed in again."""


@attrs.frozen
class PutOff:
    """A document whose fate could not be found out; the run asks once more before it ends."""

    index: int
    document: Document
    row_id: int


@attrs.define(eq=False, kw_only=True)
class Context:
    """What the documents of one run share."""

    client: AsyncPlextera
    sending: Extractions
    """The client's own, but for look-ups and second sends after a create whose fate is unknown: those are for the ledger
    to know of."""
    scribe: Scribe
    run: int
    on_ambiguous: OnAmbiguous
    hashes_content: bool
    figures: Figures
    being_sent: dict[int, anyio.Event] = attrs.field(factory=dict[int, anyio.Event])
    """Rows whose fate is being decided now; set when it is."""
    waits: set[anyio.CancelScope] = attrs.field(factory=set[anyio.CancelScope])
    put_off: list[PutOff] = attrs.field(factory=list[PutOff])
    stopped_by: PlexteraError | None = None
    """Why nothing more is submitted: every other document would be refused for the same reason."""
    is_stopping: bool = False
    may_put_off: bool = True

    def put_off_for_later(self, index: int, document: Document, row_id: int) -> bool:
        """Remember a document for the end of the run; False if that has come, or there are too many."""
        if not self.may_put_off or self.is_stopping or len(self.put_off) >= _MOST_PUT_OFF:
            return False
        self.put_off.append(PutOff(index, document, row_id))
        return True
