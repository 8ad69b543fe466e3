"""aiohttp sessions: made on first use, once per running loop, closed with the client or with the loop."""

import asyncio
import warnings
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

import aiohttp
import attrs
from aiohttp.client_proto import ResponseHandler

from plextera_async._aio.forks import forks
from plextera_async._aio.silence import Silence
from plextera_async.errors import ConfigurationError

__all__ = ["Pair", "Sessions", "repeats"]

_KEEP_ALIVE = 15.0
_KEEP_ALIVE_FOR_CHANGES = 2.0
"""A POST on a pooled connection that the server has just closed fails nearly every time, and a create that failed so
must not be repeated, nor can an upload from a stream: they use connections that are fresh or were used within two
seconds."""

_DNS_TTL = 60

_SWITCH = "_retry_connection"
"""aiohttp's own switch, which its test client turns too. Where it is missing, the transport steps in per request."""

_CAN_WATCH = hasattr(ResponseHandler, "read_timeout") and hasattr(ResponseHandler, "start_timeout")
"""Whether aiohttp's own timer can be turned on for an answer that is under way. Else it is on from the beginning."""


@attrs.frozen
class Pair:
    """The sessions of one loop."""

    reads: aiohttp.ClientSession
    changes: aiohttp.ClientSession


_Open = dict[asyncio.AbstractEventLoop, tuple[Pair, AsyncGenerator[Pair, None]]]

_HELD: Final[dict[int, _Open]] = {}
"""What is open, so that it is not garbage together with a client in a cycle: then each session would warn by itself."""

_PARENTS: Final[list[object]] = []
"""What a forked child has inherited, and must not so much as let go of."""


class Sessions:
    """The sessions of a client and its views.

    The session of each loop lives in an async generator. asyncio closes those when a loop shuts down, so a client
    that is used in several `asyncio.run` calls needs no closing in between.
    """

    def __init__(
        self,
        given: aiohttp.ClientSession | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        silence: float | None = None,
    ) -> None:
        """Use *given* on its own loop and never close it; with None, make sessions.

        Args:
            given: The user's own.
            headers: What the sessions send by themselves.
            silence: Seconds after which the sessions themselves break off an answer of which nothing comes.
        """
        if given is not None and not isinstance(given, aiohttp.ClientSession):
            raise ConfigurationError(f"session must be an aiohttp.ClientSession, not {type(given).__name__}")
        self._given = given
        self._headers = headers
        self._silence = silence if _CAN_WATCH else None
        self._forks = forks()
        self._open: _Open = {}
        self._closings: WeakKeyDictionary[asyncio.AbstractEventLoop, int] = WeakKeyDictionary()

    def closings(self) -> int:
        """Count how often the sessions of the running loop were closed: what was begun before is not taken up again."""
        return self._closings.get(asyncio.get_running_loop(), 0)

    @property
    def is_given(self) -> bool:
        """Whether the session is the user's own."""
        return self._given is not None

    def watches(self, seconds: float) -> bool:
        """Say whether the sessions break off an answer after so long a silence, so that aiohttp need not."""
        return seconds == self._silence

    def at_hand(self) -> Pair | None:
        """Give the sessions of the running loop if they are open and our own."""
        held = self._own().get(asyncio.get_running_loop())
        return None if held is None else held[0]

    async def current(self) -> Pair:
        """Give the sessions of the running loop, opened if need be.

        Raises:
            ConfigurationError: If the user's own session is closed or belongs to another loop.
        """
        loop = asyncio.get_running_loop()
        if self._given is not None:
            return self._check(self._given, loop)
        pair = self.at_hand()
        if pair is None:
            self._forget_ended()
            _HELD[id(self._open)] = self._open
            keeper = _kept(self._open, loop, self._headers, self._silence)
            pair = await anext(keeper)
            self._open[loop] = pair, keeper
        return pair

    def _own(self) -> _Open:
        """Give what this process has opened; in a forked child, the parent's connections are the parent's."""
        if self._forks != forks():
            self._forks = forks()
            inherited, self._open = self._open, {}
            _HELD.pop(id(inherited), None)
            for pair, keeper in list(inherited.values()):
                _leave_to_parent(pair, keeper)
        return self._open

    def _check(self, session: aiohttp.ClientSession, loop: asyncio.AbstractEventLoop) -> Pair:
        if session.closed:
            raise ConfigurationError("the session= given to the client is closed")
        if getattr(session, "_loop", loop) is not loop:  # its public `loop` warns that it is deprecated
            raise ConfigurationError(
                "the session= given to the client belongs to another event loop: make it where it is used"
            )
        return Pair(session, session)

    def _forget_ended(self) -> None:
        """Let go of sessions whose loop was closed without shutting down its async generators."""
        for loop in [loop for loop in list(self._open) if loop.is_closed()]:
            held = self._open.pop(loop, None)  # another thread may have been faster
            for session in (held[0].reads, held[0].changes) if held else ():
                _end(session)

    async def aclose(self) -> None:
        """Close this loop's sessions; safe to call twice, and the next request opens new ones."""
        loop = asyncio.get_running_loop()
        held = self._own().get(loop)
        if held is not None:
            self._closings[loop] = self.closings() + 1
            await held[1].aclose()

    def __del__(self) -> None:
        _HELD.pop(id(getattr(self, "_open", None)), None)
        if not getattr(self, "_open", None) or not self._own():
            return
        self._forget_ended()
        is_open = bool(self._open)
        self._open.clear()  # the loops close what the generators held, as they do with any that is dropped
        if is_open:
            warnings.warn(
                "an AsyncPlextera was dropped with open connections: use `async with` or `await client.aclose()`",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )


def _leave_to_parent(pair: Pair, keeper: AsyncGenerator[Pair, None]) -> None:
    """Put away what belongs to the parent process without touching its sockets.

    Closing a connection takes it off the poll that parent and child share, and the parent would never hear of it again.
    """
    for session in (pair.reads, pair.changes):
        _PARENTS.append(session.connector)
        session.connector.__dict__["_closed"] = (
            True  # or it would close its connections at the end of the process
        )
        session.detach()
    with suppress(StopIteration, RuntimeError):  # nothing is left to wait for
        keeper.aclose().send(None)


def _end(session: aiohttp.ClientSession) -> None:
    """Close a session whose loop is closed: aiohttp then lets go of its connections, and asyncio warns of each."""
    connections = list(_connections(session.connector))
    with suppress(StopIteration):  # on a closed loop there is nothing to wait for
        session.close().send(None)
    for connection in connections:
        transport = connection.transport
        if transport is None:
            continue
        with suppress(RuntimeError):  # the loop is closed
            transport.abort()
        wire = getattr(getattr(transport, "_ssl_protocol", None), "_transport", transport)
        if hasattr(wire, "_call_connection_lost"):  # what abort() leaves to the loop
            with suppress(RuntimeError):
                wire._call_connection_lost(None)  # noqa: SLF001 - nobody else is there to call it


def _connections(connector: Any) -> Iterator[Any]:
    """Give the connections of a connector, in use and idle; none if aiohttp should come to keep them elsewhere."""
    yield from getattr(connector, "_acquired", ())
    for kept in getattr(connector, "_conns", {}).values():
        yield from (connection for connection, _ in kept)


async def _kept(
    registry: _Open,
    loop: asyncio.AbstractEventLoop,
    headers: Mapping[str, str] | None,
    seconds: float | None,
) -> AsyncGenerator[Pair, None]:
    silence = None if seconds is None else Silence(seconds)
    async with (
        _session(_KEEP_ALIVE, headers, silence) as reads,
        _session(_KEEP_ALIVE_FOR_CHANGES, headers, silence) as changes,
    ):
        try:
            yield Pair(reads, changes)
        finally:
            registry.pop(loop, None)
            if silence is not None:
                silence.close()


def _session(
    keep_alive: float, headers: Mapping[str, str] | None, silence: Silence | None
) -> aiohttp.ClientSession:
    # No limit of connections: the client's own limit stands before it, so that no timeout runs while waiting for one.
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=keep_alive, ttl_dns_cache=_DNS_TTL)
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        headers=headers,
        response_class=aiohttp.ClientResponse if silence is None else _answers(silence),
    )
    if _SWITCH in aiohttp.ClientSession.ATTRS:
        setattr(session, _SWITCH, False)
    return session


def _answers(silence: Silence) -> type[aiohttp.ClientResponse]:
    """Give what makes answers, as their requests leave, and has them watched over."""

    def answer(*args: Any, **kwargs: Any) -> aiohttp.ClientResponse:
        made = aiohttp.ClientResponse(*args, **kwargs)
        silence.watch(made)
        return made

    return cast("type[aiohttp.ClientResponse]", answer)  # aiohttp only calls it


def repeats(session: aiohttp.ClientSession) -> bool:
    """Say whether aiohttp would repeat a GET, PUT or DELETE by itself after a lost connection."""
    return bool(getattr(session, _SWITCH, True))
