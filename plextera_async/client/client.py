"""The client itself: it wires, and does nothing else."""

import os
import platform
from collections.abc import AsyncIterable, Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import aiohttp
import attrs

from plextera_async._aio.bodies import JsonBody
from plextera_async._aio.clock import Clock
from plextera_async._aio.gate import Gate
from plextera_async._aio.sender import Sender
from plextera_async._aio.sessions import Sessions
from plextera_async._aio.sources import Source
from plextera_async._aio.transport import Transport
from plextera_async._generated.operations import Operation
from plextera_async._sansio.address import (
    DEFAULT_BASE_URL,
    check_base_url,
    may_need_proxy,
    proxies_from,
    proxy_for,
)
from plextera_async._sansio.codec import parse
from plextera_async._sansio.credentials import check_api_key
from plextera_async._sansio.events import EventSource
from plextera_async._sansio.inputs import json_bytes
from plextera_async._sansio.message import Request, check_path, query_string
from plextera_async._sansio.pacing import Paces
from plextera_async.client.documents import Document
from plextera_async.client.event_subscriptions import EventSubscriptions
from plextera_async.client.extractions import Extractions
from plextera_async.client.files import Files
from plextera_async.client.jobs import Jobs
from plextera_async.client.many import Outcomes, extract_many
from plextera_async.client.runs import Runs
from plextera_async.client.watchers import Watchers
from plextera_async.errors import ConfigurationError, InvalidInputError
from plextera_async.options import ClientOptions

__all__ = ["AsyncPlextera"]

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_DEFAULTS: Final = ClientOptions()
_WIRED: Final = frozenset(
    {"_sender", "_watchers", "event_subscriptions", "extractions", "files", "jobs", "runs"}
)
_WIRING: Final = Lock()


class AsyncPlextera:
    """The Plextera Public API, from asyncio.

    Making one is cheap and opens nothing: what it works with is made on first use, connections once per running event
    loop, and closed by `async with`, by `aclose()` or with their loop. One client serves any number of tasks; keep one
    per process.

    Attributes:
        files: Uploaded files.
        extractions: Documents in, fields out.
        jobs: The first generation of extractions.
        runs: Workflow runs.
        event_subscriptions: Where events are delivered.
    """

    files: Files
    extractions: Extractions
    jobs: Jobs
    runs: Runs
    event_subscriptions: EventSubscriptions
    _sender: Sender

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        options: ClientOptions | None = None,
        session: aiohttp.ClientSession | None = None,
        events: EventSource | None = None,
    ) -> None:
        """Make a client.

        Args:
            api_key: The key alone, without `api-key` in front; None takes PLEXTERA_API_KEY.
            base_url: None takes PLEXTERA_BASE_URL, or else the production address. Plain http is refused but for
                loopback (see `ClientOptions.allow_plain_http`).
            options: Everything that has a default; all times are seconds.
            session: Your own session, for your own connector or proxy. It is never closed here, works only on its own
                loop, and its timeouts, redirects and `raise_for_status` are overridden per request. None makes
                sessions as needed, with the proxies that the environment names (NO_PROXY honoured, never netrc).
            events: Tells of jobs that have ended, as a `WebhookReceiver` does: then every wait ends with the event or
                with a look at the job, whichever is first, and looks are rare while events arrive. It is listened to
                from the first call until `aclose()`, and may tell from any thread. None means that waits only look.

        Raises:
            ConfigurationError: If there is no usable key or address, or an option that can never work.
        """
        options = _DEFAULTS if options is None else options
        if not isinstance(options, ClientOptions):
            raise ConfigurationError(f"options must be ClientOptions, not {type(options).__name__}")
        address = base_url or os.environ.get("PLEXTERA_BASE_URL") or DEFAULT_BASE_URL
        self._base_url = check_base_url(address, allow_plain_http=options.allow_plain_http)
        self._authorization = check_api_key(
            os.environ.get("PLEXTERA_API_KEY") if api_key is None else api_key
        )
        if events is not None and not callable(getattr(events, "subscribe", None)):
            raise ConfigurationError(
                f"events must be a source of events, such as a WebhookReceiver, not {type(events).__name__}"
            )
        self._events = events
        self._options = options
        self._given = None if session is None else Sessions(session)
        self._is_view = False
        if session is None and may_need_proxy(self._base_url, os.environ):
            self._proxies()  # one that cannot be used is told now

    if not TYPE_CHECKING:  # type checkers know all that there is

        def __getattr__(self, name: str) -> Any:
            if name not in _WIRED:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            with _WIRING:  # two threads may come first
                if name not in vars(self):
                    self._wire(self._new_sender(), is_view=False)
            return vars(self)[name]

    def __dir__(self) -> Iterable[str]:
        return sorted({*super().__dir__(), *_WIRED})

    def _proxies(self) -> dict[str, str]:
        proxies = proxies_from(os.environ)
        proxy_for(self._base_url, proxies)
        return proxies

    def _new_sender(self) -> Sender:
        headers = {"Accept": "application/json", "User-Agent": _user_agent()}
        silence = self._options.timeouts.read
        transport = Transport(
            base_url=self._base_url,
            authorization=self._authorization,
            timeouts=self._options.timeouts,
            sessions=self._given or Sessions(headers=headers, silence=silence),
            proxies={} if self._given else self._proxies(),
            headers=headers if self._given else {},
        )
        return Sender(transport, self._options, Gate(self._options.limits.concurrency), Clock())

    def _wire(self, sender: Sender, *, is_view: bool) -> None:
        if "_watchers" not in vars(self):
            self._watchers = Watchers(self._events)
        self._sender = sender
        self._is_view = is_view
        self.files = Files(sender, self._watchers)
        self.extractions = Extractions(sender, self._watchers)
        self.jobs = Jobs(sender, self._watchers)
        self.runs = Runs(sender, self._watchers)
        self.event_subscriptions = EventSubscriptions(sender, self._watchers)

    def __repr__(self) -> str:
        return f"<AsyncPlextera {self._base_url}>"

    @property
    def base_url(self) -> str:
        """The address of the service, without a slash at its end."""
        return self._base_url

    async def __aenter__(self) -> Self:
        """Give the client; opens nothing."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections of this loop."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections of the running loop; what is under way on them breaks off and is not tried again.

        Safe to call twice, and the client may be used again. Does nothing for a view and for a session of your own.
        """
        if "_sender" in vars(self) and not self._is_view:
            self._watchers.stop()
            await self._sender.transport.sessions.aclose()

    def with_options(self, **changes: Any) -> "AsyncPlextera":
        """Give a view of this client with some options changed, sharing its connections and its pace.

        Args:
            changes: Fields of `ClientOptions`: `timeouts`, `retry`, `polling`, `limits`, `reconcile`, `retry_uploads`.

        Raises:
            ConfigurationError: If there is no such option, or it can never work.

        Cheap enough for a single call. Closing the view does nothing; closing the client closes the connections.
        """
        if unknown := changes.keys() - {field.name for field in attrs.fields(ClientOptions)}:
            raise ConfigurationError(f"no such option: {', '.join(sorted(unknown))}")
        if "allow_plain_http" in changes:
            raise ConfigurationError("allow_plain_http goes with base_url: set it when the client is made")
        old = self._sender
        options = attrs.evolve(old.options, **changes)
        gate = old.gate
        if options.limits != old.options.limits:
            gate = Gate(options.limits.concurrency, old.gate.lessons)
        transport = attrs.evolve(old.transport, timeouts=options.timeouts)
        view = object.__new__(type(self))
        view._base_url = self._base_url
        view._watchers = self._watchers
        view._wire(Sender(transport, options, gate, old.clock), is_view=True)
        return view

    def extract_many(
        self,
        documents: Iterable[Document | Source] | AsyncIterable[Document | Source],
        *,
        concurrency: int | None = None,
        ordered: bool = False,
    ) -> Outcomes:
        """Submit any number of documents and wait for their ends: one `Outcome` for each, as each ends.

            async with client.extract_many(paths) as outcomes:
                async for outcome in outcomes: ...

        Args:
            documents: Any iterable or async iterable of `Document`s or plain sources, also an endless one. Pulled as
                there is room; one that may block is pulled in a thread. A generator is closed at the end.
            concurrency: Documents in flight, from being pulled to their outcome being taken; None is 200. One that
                waits for its end costs little; how many requests go out at a time is up to `Limits`.
            ordered: Outcomes in the order of the input; up to four times `concurrency` documents are then begun and not
                yet taken, while an early one takes its time.

        Raises:
            InvalidInputError: At once, if *documents* cannot be iterated or *concurrency* is below 1. When iterating,
                nothing about a single document is raised: it is in the outcome's `error`.
            Exception: When iterating, what iterating *documents* raised, after the outcomes of all that were begun.

        After a create was refused because of the key or of settings (401, 403, `ConfigurationError`), nothing more is
        submitted, and every document that is left has that error. Leaving the block cancels what is open and waits
        for it: what was submitted goes on at the server, and what was being submitted may exist there.
        """
        return extract_many(self.extractions, documents, concurrency=concurrency, ordered=ordered)

    @property
    def pace(self) -> Paces:
        """How fast requests are let through at the moment, how many are under way and waiting, on the running loop.

        For progress and logs; reading it changes nothing. A view shows its client's rates and pauses, and with
        `limits` of its own its own requests.

        Raises:
            RuntimeError: If no event loop is running.
        """
        return self._sender.gate.paces(self._sender.clock.monotonic())

    async def request(
        self, method: str, path: str, *, query: Mapping[str, object] | None = None, json: Any = None
    ) -> Any:
        """Call what this release has no method for, with the same key, timeouts and rules of repetition.

        Args:
            method: GET, POST, PUT, PATCH or DELETE. A POST is taken for a create, and never sent twice after it may
                have been applied.
            path: Below the base URL, beginning with one slash, percent-encoded where needed, without a query.
            query: Query parameters; None values are left out, lists repeat their name.
            json: Any JSON value as the body; None sends none.

        Returns:
            The parsed JSON of the answer; None when it had no body.

        Raises:
            InvalidInputError: If an argument breaks one of these rules; nothing was sent.
            AmbiguousCreateError: If a POST was sent and its fate is unknown.
            DecodeError: If the answer is not JSON.
            PlexteraError: As every call does.
        """
        verb = method.upper() if isinstance(method, str) else ""
        if verb not in _METHODS:
            raise InvalidInputError(f"method must be one of {', '.join(sorted(_METHODS))}")
        request = Request(
            operation=Operation(
                id=f"{verb} request", method=verb, path=path, success=(), creates=verb == "POST"
            ),
            path=check_path(path),
            query=query_string(query or {}),
            body=None if json is None else JsonBody(json_bytes(json, what="json")),
        )
        return (await self._sender.call(request, object, reading=_parsed)).model


def _parsed(content: bytes, _: type[object]) -> Any:
    return parse(content) if content else None


@cache
def _user_agent() -> str:
    try:
        own = version("plextera-async")
    except PackageNotFoundError:  # run from a source tree
        own = "0"
    return f"plextera-async/{own} python/{platform.python_version()} aiohttp/{aiohttp.__version__}"
