"""The life of an extraction: QUEUED -> PROCESSING -> COMPLETED, FAILED or REJECTED, and again on request."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from plextera_async.sandbox.extraction import Reading, read_document

from .agenda import Agenda, Phase
from .records import Extraction, Problem
from .shelf import Shelf

_logger = logging.getLogger("plextera_async.sandbox")

_EMPTY = Problem("EMPTY_DOCUMENT", "The document is empty.")
_OVERSIZED = Problem("OVERSIZED_DOCUMENT", "The document is larger than the limit.")
_DUPLICATE = Problem("DUPLICATE_DOCUMENT", "The same document has been submitted before.")
_UNREACHABLE = Problem("DOWNLOAD_FAILED", "The document could not be downloaded from its URL.")


class Extracting:
    """Moves extractions and jobs through their lives.

    Args:
        agenda: Time and workers.
        max_bytes: Documents longer than this are rejected.
        tell: Hears of each end, once there is all that will be said of it.
    """

    def __init__(self, agenda: Agenda, max_bytes: int, tell: Callable[[Extraction], object]) -> None:
        self.extractions: Shelf[Extraction] = Shelf()
        self.jobs: Shelf[Extraction] = Shelf()
        self._agenda = agenda
        self._max_bytes = max_bytes
        self._tell = tell
        self._first_by_key: dict[str, Extraction] = {}

    def shelf_of(self, extraction: Extraction) -> Shelf[Extraction]:
        """Say where an extraction is kept."""
        return self.jobs if extraction.is_job else self.extractions

    def submit(self, extraction: Extraction, *, may_repeat: bool) -> None:
        """Accept an extraction; its life begins.

        Args:
            extraction: What is new.
            may_repeat: The document may have been submitted before.
        """
        extraction.is_duplicate = self._was_submitted(extraction) and not may_repeat
        at = extraction.created_at
        self._put(extraction, at)
        wait = self._phase("queued", extraction)
        self._agenda.at(at + wait, partial(self._begin, extraction, extraction.turn))

    def reprocess(self, extraction: Extraction) -> None:
        """Send an extraction through PROCESSING once more."""
        extraction.turn += 1
        extraction.completed_at = None
        extraction.error = extraction.output = None
        extraction.output_available = False
        extraction.told.clear()
        self._process(extraction, self._agenda.clock.now())

    def end(
        self,
        extraction: Extraction,
        at: float,
        *,
        status: str,
        error: Problem | None = None,
        output: dict[str, Any] | None = None,
    ) -> None:
        """Bring an extraction to its end, whatever was planned for it."""
        extraction.completed_at = at
        self.hold(extraction, at, status=status, error=error, output=output)
        if output is None or extraction.output_available:
            self._tell(extraction)
        callbacks, extraction.on_end = extraction.on_end, []
        for callback in callbacks:
            callback(extraction)

    def hold(
        self,
        extraction: Extraction,
        at: float,
        *,
        status: str,
        error: Problem | None = None,
        output: dict[str, Any] | None = None,
    ) -> None:
        """Put an extraction into a state in which it stays, whatever was planned for it."""
        extraction.turn += 1
        extraction.status = status
        extraction.error = error
        extraction.output = output
        wait = self._phase("output", extraction)
        extraction.output_available = output is not None and wait == 0
        self._put(extraction, at)
        if output is not None and wait > 0:
            self._agenda.at(at + wait, partial(self._reveal, extraction, extraction.turn))

    def _was_submitted(self, extraction: Extraction) -> bool:
        """Note the document; true if it stands for a living or completed extraction already."""
        key = extraction.key
        if key is None:
            return False
        first = self._first_by_key.get(key)
        if first is None or first.status in ("FAILED", "REJECTED"):
            self._first_by_key[key] = extraction
            return False
        return True

    def _begin(self, extraction: Extraction, turn: int, at: float) -> None:
        if extraction.turn != turn:
            return
        refusal = self._refusal(extraction)
        if refusal is None:
            self._process(extraction, at)
        else:
            self.end(extraction, at, status="REJECTED", error=refusal)

    def _refusal(self, extraction: Extraction) -> Problem | None:
        content = extraction.document.content
        if content is None:
            return None
        if content.size == 0:
            return _EMPTY
        if content.size > self._max_bytes:
            return _OVERSIZED
        return _DUPLICATE if extraction.is_duplicate else None

    def _process(self, extraction: Extraction, at: float) -> None:
        extraction.status = "PROCESSING"
        extraction.started_at = at
        self._put(extraction, at)
        document = extraction.document
        work: asyncio.Future[Reading] | None = None
        if document.content is not None:
            work = self._agenda.work(
                partial(
                    read_document,
                    document.content.read,
                    document.mime_type or "",
                    stopping=self._agenda.stopping,
                )
            )
        due = partial(self._due, extraction, extraction.turn, work)
        self._agenda.at(at + self._phase("processing", extraction), due)

    def _due(
        self, extraction: Extraction, turn: int, work: "asyncio.Future[Reading] | None", at: float
    ) -> None:
        if extraction.turn != turn:
            return
        if work is None:
            self.end(extraction, at, status="FAILED", error=_UNREACHABLE)
        else:
            self._agenda.when_done(work, at, partial(self._finish, extraction, turn, work))

    def _finish(self, extraction: Extraction, turn: int, work: "asyncio.Future[Reading]", at: float) -> None:
        if extraction.turn != turn:
            return
        reading = _outcome(work)
        error = None if reading.error is None else Problem(*reading.error)
        output = None
        if error is None:
            output = {"fields": reading.fields, "fieldCount": len(reading.fields)}
        self.end(extraction, at, status=reading.status, error=error, output=output)

    def _reveal(self, extraction: Extraction, turn: int, at: float) -> None:
        if extraction.turn == turn:
            extraction.output_available = True
            self._put(extraction, at)
            if extraction.completed_at is not None:
                self._tell(extraction)

    def _put(self, extraction: Extraction, at: float) -> None:
        self.shelf_of(extraction).put(extraction, at)

    def _phase(self, phase: Phase, extraction: Extraction) -> float:
        return self._agenda.phase(phase, extraction.number)


def _outcome(work: "asyncio.Future[Reading]") -> Reading:
    """Take the result; a bug in a reader ends the extraction instead of leaving it open for ever."""
    error = work.exception()
    if error is None:
        return work.result()
    _logger.error("the sandbox failed to read a document", exc_info=error)
    return Reading("FAILED", error=("PROCESSING_FAILED", "Reading the document failed unexpectedly."))
