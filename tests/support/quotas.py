"""A server's quota, and tasks that use it up: without sockets, in virtual time."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import attrs

from plextera_async import AsyncPlextera
from plextera_async._generated.operations import CREATE_EXTRACTION, GET_EXTRACTION, UPLOAD_EXTRACTION
from plextera_async._sansio.message import Request, Response
from plextera_async._sansio.pacing import Paces
from plextera_async._sansio.retry import seconds_to_wait
from plextera_async.errors import APIError, RateLimitedError
from tests.support.clocks import with_clock
from tests.support.virtual_time import Dice, VirtualClock

OPERATIONS = {"reads": GET_EXTRACTION, "creates": CREATE_EXTRACTION, "uploads": UPLOAD_EXTRACTION}


@attrs.define
class Bucket:
    """So many requests a second, and so many seconds' worth of them at once."""

    rate: float
    burst: float = 1.0
    level: float = attrs.field(init=False)
    at: float = 0.0

    def __attrs_post_init__(self) -> None:
        self.level = max(1.0, self.rate * self.burst)

    def takes(self, now: float) -> bool:
        """Say whether a request is taken, and count it."""
        most = max(1.0, self.rate * self.burst)
        self.level = min(most, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True


@attrs.define
class Window:
    """So many requests in each second of the server's clock."""

    rate: float
    second: int = -1
    count: int = 0

    def takes(self, now: float) -> bool:
        """Say whether a request is taken, and count it."""
        second = int(now + 0.37)
        if second != self.second:
            self.second, self.count = second, 0
        self.count += 1
        return self.count <= self.rate


Quota = Bucket | Window


@attrs.frozen
class Seen:
    """One answer."""

    at: float
    kind: str
    taken: bool


@attrs.define
class Answers:
    """What came of it."""

    seen: list[Seen] = attrs.field(factory=list)
    waits: list[tuple[float, float]] = attrs.field(factory=list)
    attempts: int = 0
    """The most that one call needed."""

    def share(self, begin: float, end: float, quota: float) -> float:
        """Give the taken requests of a time as a share of a quota a second."""
        return sum(one.taken for one in self.seen if begin <= one.at < end) / (end - begin) / quota

    def refused(self, begin: float, end: float) -> float:
        """Give the refusals of a time as a share of its answers."""
        all_of_it = [one for one in self.seen if begin <= one.at < end]
        return sum(not one.taken for one in all_of_it) / len(all_of_it)

    def worst_wait(self, begin: float) -> float:
        """Give the longest call that ended after a moment, as a multiple of the median."""
        waits = sorted(wait for at, wait in self.waits if at >= begin)
        return waits[-1] / waits[len(waits) // 2]


@attrs.define(kw_only=True)
class Server:
    """Answers after a while, and refuses what is over its quota."""

    quota: Quota
    retry_after: str | Callable[[VirtualClock], str] | None = "1"
    latency: float = 0.02
    answers: Answers = attrs.field(factory=Answers)
    clock: VirtualClock = attrs.field(factory=VirtualClock)
    dice: Dice = attrs.field(factory=Dice)
    cuts_off_at: int | None = None
    """So many at once are enough: to more it answers 500, at once."""
    under_way: int = 0
    paces: Paces | None = None
    """Of the client, at the end."""

    async def answer(self, kind: str) -> Response | APIError:
        """Answer one request."""
        await self._travel()
        if self.cuts_off_at is not None and self.under_way >= self.cuts_off_at:
            self.answers.seen.append(Seen(self.clock.monotonic(), kind, taken=False))
            return APIError(status=500)
        self.under_way += 1
        taken = self.quota.takes(self.clock.monotonic())
        try:
            await self._travel()
        finally:
            self.under_way -= 1
        self.answers.seen.append(Seen(self.clock.monotonic(), kind, taken))
        if taken:
            return Response(status=200, headers={})
        header = self.retry_after(self.clock) if callable(self.retry_after) else self.retry_after
        return RateLimitedError(status=429, retry_after=seconds_to_wait(header, self.clock.now()))

    async def _travel(self) -> None:
        await asyncio.sleep(self.latency * (0.45 + self.dice.throw() / 10))


async def keep_busy(
    server: Server,
    *,
    seconds: float,
    kinds: Sequence[str] = ("reads",),
    tasks: int = 200,
    then: Sequence[tuple[float, float]] = (),
    options: Any = None,
) -> Answers:
    """Let tasks call without a pause; *then* has moments at which the quota changes, and to what."""
    client = with_clock(AsyncPlextera("key", options=options), server.clock)
    group = [asyncio.ensure_future(_caller(client, server, kinds[n % len(kinds)])) for n in range(tasks)]
    for moment, rate in then:
        await asyncio.sleep(moment - server.clock.monotonic())
        server.quota.rate = rate
    await asyncio.sleep(seconds - server.clock.monotonic())
    for task in group:
        task.cancel()
    done = await asyncio.gather(*group, return_exceptions=True)
    assert all(isinstance(one, asyncio.CancelledError) for one in done), done
    server.paces = client.pace
    assert all((one.in_flight, one.waiting) == (0, 0) for one in attrs.astuple(client.pace, recurse=False))
    return server.answers


async def _caller(client: AsyncPlextera, server: Server, kind: str) -> None:
    request = Request(operation=OPERATIONS[kind], path="/x", body=_Form() if kind == "uploads" else None)

    async def attempt(_request: Request, _request_id: str, number: int) -> Response | APIError:
        server.answers.attempts = max(server.answers.attempts, number)
        return await server.answer(kind)

    while True:
        began = server.clock.monotonic()
        await client._sender._until_answered(request, attempt, retry=True)
        server.answers.waits.append((server.clock.monotonic(), server.clock.monotonic() - began))


class _Form:
    content_type = "multipart/form-data; boundary=b"
    can_be_sent = True


def http_date(ahead: float) -> Callable[[VirtualClock], str]:
    """Give a Retry-After that names the time of day, whole seconds as dates are."""

    def header(clock: VirtualClock) -> str:
        return f"{clock.now() + timedelta(seconds=ahead):%a, %d %b %Y %H:%M:%S GMT}"

    return header
