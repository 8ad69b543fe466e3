"""Creates whose fate is unknown: looked for by their key, and sent again once, when their absence is proven."""

from datetime import datetime

import attrs

from plextera_async._aio.clock import Beginning
from plextera_async._aio.sender import Answer, Sender
from plextera_async._sansio.message import Request
from plextera_async._sansio.reconcile import Step
from plextera_async.client.handles import ExtractionHandle
from plextera_async.client.lookups import Lookups, Sighting
from plextera_async.client.resent import ResentHandle
from plextera_async.client.waits import Reader
from plextera_async.errors import AmbiguousCreateError, PlexteraError
from plextera_async.models import Extraction

__all__ = ["Creating"]

_UNPROVEN = "was looked for and not found, which does not prove that it was not: `find` looks again"
_UNSENDABLE = "was looked for and not found; its source cannot be sent again"
_TWICE = "was sent twice and looked for after each, and is not found"


@attrs.define
class Creating:
    """One create of an extraction, from its first send to a handle or an error."""

    sender: Sender
    lookups: Lookups
    reader: Reader[Extraction]
    request: Request
    _began: Beginning = attrs.field(init=False)
    _sends: int = attrs.field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self._began = self.sender.clock.begin()

    async def run(self) -> ExtractionHandle:
        """Send it; if its fate is unknown, look for it, and if it is proven to be absent, send it once more.

        Raises:
            AmbiguousCreateError: If its fate stays unknown.
            PlexteraError: As every call does.
        """
        while isinstance(outcome := await self._send(), AmbiguousCreateError):
            if outcome.key is None or not self.sender.options.reconcile:
                raise outcome
            found = await self._reconcile(outcome, outcome.key)
            if found is not None:
                return self._handle(Answer(found.matches[0]), found)
        return self._handle(outcome)

    def _since(self) -> datetime:
        return self.sender.clock.since(self._began)

    async def _send(self) -> Answer[Extraction] | AmbiguousCreateError:
        self._sends += 1
        try:
            return await self.sender.call(self.request, Extraction)
        except AmbiguousCreateError as unknown:
            return unknown

    async def _reconcile(self, unknown: AmbiguousCreateError, key: str) -> Sighting | None:
        """Give what was found; None when it is to be sent again."""
        can_be_sent = self.request.body is None or self.request.body.can_be_sent
        may_send = can_be_sent and self._sends == 1
        try:
            step, sighting = await self.lookups.settle(key, self._since(), may_send=may_send)
        except PlexteraError as failure:
            why = f"could not be looked for ({failure})"
        else:
            if step is not Step.GIVE_UP:
                return sighting if step is Step.TAKE else None
            why = _TWICE if self._sends > 1 else _UNPROVEN if can_be_sent else _UNSENDABLE
        raise self._still_unknown(unknown, why)

    def _handle(self, answer: Answer[Extraction], found: Sighting | None = None) -> ExtractionHandle:
        key = self.request.intent.key
        if self._sends == 1 or key is None:
            handle = ExtractionHandle(answer.model.id, self.reader, answer=answer)
        else:
            handle = ResentHandle(answer.model.id, self.reader, answer=answer)
            handle.look_with(self.lookups, key, self._since)
        if found is not None:
            handle.also_created = found.others
        return handle

    def _still_unknown(self, unknown: AmbiguousCreateError, why: str) -> AmbiguousCreateError:
        error = AmbiguousCreateError(
            f"it may have been applied: it {why}",
            operation=unknown.operation,
            key=unknown.key,
            tags=unknown.tags,
            since=self._since(),
            request_id=unknown.request_id,
            cause=unknown.cause,
        )
        error.__cause__ = unknown.cause
        return error
