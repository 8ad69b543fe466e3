"""Looking for extractions by the key that their create carried."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from weakref import WeakKeyDictionary

import anyio
import attrs

from plextera_async._aio.sender import Answer, Sender
from plextera_async._generated import operations
from plextera_async._generated.operations import Operation
from plextera_async._sansio.message import Request, fill
from plextera_async._sansio.paging import Walk
from plextera_async._sansio.polling import absorbs
from plextera_async._sansio.reconcile import (
    GRACE,
    MOST_READ_SINGLY,
    Step,
    Survey,
    Verdict,
    Window,
    next_step,
    window,
)
from plextera_async._sansio.retry import http_date
from plextera_async.client.pages import Page, seen_on
from plextera_async.errors import DecodeError, NotFoundError, PlexteraError
from plextera_async.models import Extraction, ExtractionPage

__all__ = ["Lookups", "Sighting"]

_SIZE = 100
_NEWEST = f"size={_SIZE}&sortBy=createdAt&sort=desc"

Since = Mapping[str, datetime | None]


@attrs.frozen
class Sighting:
    """What look-ups say about one key."""

    verdict: Verdict
    matches: Sequence[Extraction] = attrs.field(default=(), repr=False)
    """The extractions that carry the key, the oldest first, as lists show them: without output."""

    @property
    def others(self) -> tuple[str, ...]:
        """Ids of all but the oldest."""
        return tuple(match.id for match in self.matches[1:])

    def begins_before(self, id: str) -> bool:
        """Say whether the oldest of them is another one than this."""
        return bool(self.matches) and self.matches[0].id != id


@attrs.define(eq=False)
class _Wish:
    """A look-up that waits for its turn."""

    key: str
    since: datetime
    sighting: Sighting | None = None
    failure: PlexteraError | None = None


@attrs.define(eq=False)
class _Desk:
    """Where the look-ups of one event loop meet."""

    turn: anyio.Lock = attrs.field(factory=anyio.Lock)
    waiting: list[_Wish] = attrs.field(factory=list[_Wish])


class Lookups:
    """Reads lists for keys. Look-ups that meet share one pass: a server that fails makes many creates unknown at once."""

    def __init__(self, sender: Sender) -> None:
        """Prepare; reads nothing."""
        self._sender = sender
        self._shows_tags = False
        self._desks: WeakKeyDictionary[asyncio.AbstractEventLoop, _Desk] = WeakKeyDictionary()

    def now(self) -> datetime:
        """Give our time, as `since` is told: what is kept for later look-ups."""
        return self._sender.clock.now()

    async def settle(self, key: str, since: datetime, *, may_send: bool = True) -> tuple[Step, Sighting]:
        """Look for the job of a create whose fate is unknown: now, and if need be once more after a grace.

        One look that fails for a passing reason does not count, and is made again after a grace.

        Args:
            key: The key that it carried.
            since: When it began, by our clock.
            may_send: It was sent once so far, and could be sent again as it was.

        Returns:
            TAKE with its matches; SEND_AGAIN if its absence is proven; else GIVE_UP.

        Raises:
            PlexteraError: If looking failed for a lasting reason, or twice.
        """
        verdicts: list[Verdict] = []
        has_failed = False
        while True:
            try:
                sighting = await self.look(key, since)
            except PlexteraError as failure:
                if has_failed or not absorbs(failure, age=None):
                    raise
                has_failed = True
            else:
                verdicts.append(sighting.verdict)
                step = next_step(verdicts, may_send=may_send, shows_tags=self._shows_tags)
                if step is not Step.LOOK_AGAIN:
                    return step, sighting
            await self._sender.clock.sleep(GRACE)

    async def older(self, key: str, since: datetime | None, *, than: str) -> Sighting | None:
        """Look for what an extraction that was rejected is the duplicate of: now, and if need be after a grace.

        Its create was sent again because lists did not show the first in time: they may still not.

        Args:
            key: The key that both carry.
            since: As for `look`.
            than: Id of the rejected one.

        Returns:
            What carries the key, the oldest first; None if there is no older one.

        Raises:
            PlexteraError: As `look` does.
        """
        sighting = await self.look(key, since)
        if not sighting.begins_before(than):
            await self._sender.clock.sleep(GRACE)
            sighting = await self.look(key, since)
        return sighting if sighting.begins_before(than) else None

    async def look(self, key: str, since: datetime | None) -> Sighting:
        """Look once.

        Args:
            key: The key.
            since: When its create began, by our clock; None reads the whole list.

        Raises:
            PlexteraError: If looking failed, after the retries that the policy allows.
        """
        if since is None:
            return _sighting(await self._survey({key: None}), key)
        desk = self._desks.setdefault(asyncio.get_running_loop(), _Desk())
        wish = _Wish(key, since)
        desk.waiting.append(wish)
        try:
            async with desk.turn:
                if wish in desk.waiting:  # nobody before us has looked for it as well
                    await self._serve(desk)
        finally:
            if wish in desk.waiting:
                desk.waiting.remove(wish)
        if wish.failure is not None:
            raise wish.failure
        assert wish.sighting is not None, "who serves gives one or the other"  # noqa: S101 - a slip in this class
        return wish.sighting

    async def _serve(self, desk: _Desk) -> None:
        """Look for what waits now. If this is cancelled, all of it waits on, for another to serve."""
        wishes: dict[str, _Wish] = {}
        for (
            wish
        ) in desk.waiting:  # of two for one key the second has its own turn: what counts for it may differ
            wishes.setdefault(wish.key, wish)
        try:
            survey = await self._survey({key: wish.since for key, wish in wishes.items()})
        except PlexteraError as failure:
            for wish in wishes.values():
                wish.failure = failure
        else:
            for key, wish in wishes.items():
                wish.sighting = _sighting(survey, key)
        desk.waiting = [wish for wish in desk.waiting if wishes.get(wish.key) is not wish]

    async def _survey(self, since: Since) -> Survey[Extraction]:
        """Read the newest extractions back to where nothing more can tell anything."""
        survey: Survey[Extraction] | None = None
        walk, furthest = Walk(size=_SIZE), -1
        # A page that is read again mends a seam: no end may be made before that.
        while (at := walk.page) is not None and not (survey is not None and survey.is_over and at > furthest):
            answer = await self._list(at)
            survey = survey or self._begin(since, answer.date)
            page = Page(items=answer.model.data, page_info=answer.model.page_info)
            survey.feed(
                [page.items[position] for position in walk.feed(seen_on(page))], goes_on=at > furthest
            )
            furthest = max(furthest, at)
        assert survey is not None, "there is a first page"  # noqa: S101 - a walk begins with one
        if any(survey.verdict(key) is not Verdict.FOUND for key in since):
            await self._read_singly(survey)
        self._shows_tags = self._shows_tags or survey.shows_tags
        return survey

    def _begin(self, since: Since, date: str | None) -> Survey[Extraction]:
        now = self._sender.clock.now()
        told = http_date(date or "")
        windows = {
            key: Window() if limit is None else window(limit, told=told, now=now)
            for key, limit in since.items()
        }
        return Survey(windows)

    async def _read_singly(self, survey: Survey[Extraction]) -> None:
        for item in survey.unread[:MOST_READ_SINGLY]:
            try:
                answer = await self._get(item.id)
            except (NotFoundError, DecodeError):  # it stays unread, and nothing is proven
                continue
            survey.feed_single(answer.model)

    async def _list(self, page: int) -> Answer[ExtractionPage]:
        request = self._request(operations.LIST_EXTRACTIONS)
        return await self._sender.call(attrs.evolve(request, query=f"page={page}&{_NEWEST}"), ExtractionPage)

    async def _get(self, id: str) -> Answer[Extraction]:
        return await self._sender.call(self._request(operations.GET_EXTRACTION, extractionId=id), Extraction)

    def _request(self, operation: Operation, **path: str) -> Request:
        return Request(operation=operation, path=fill(operation, **path))


def _sighting(survey: Survey[Extraction], key: str) -> Sighting:
    return Sighting(survey.verdict(key), tuple(survey.found(key)))
