"""Deliveries to handlers: verified, handled once, answered so that Plextera delivers again what was not handled."""

import asyncio
import enum
import logging
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from inspect import isawaitable
from typing import Any, TypeVar, overload

import attrs

from plextera_async._sansio.events import JobEvent, Listener
from plextera_async.errors import ConfigurationError, WebhookVerificationError
from plextera_async.webhooks.events import WebhookEvent
from plextera_async.webhooks.replies import Reply
from plextera_async.webhooks.seen import Claim, InMemorySeenEvents, SeenEvents
from plextera_async.webhooks.verifier import WebhookVerifier

__all__ = ["WebhookReceiver"]

_LOG = logging.getLogger("plextera_async.webhooks")
_KINDS = ("extraction", "run", "job")
"""The attributes under which events hold their job, which are also the kinds of `JobEvent`."""
_STORE_FAILED = "the store of seen events failed"

Event = TypeVar("Event", bound=WebhookEvent)
Second = TypeVar("Second", bound=WebhookEvent)
Third = TypeVar("Third", bound=WebhookEvent)
Result = TypeVar("Result")
Decorator = Callable[[Callable[[Event], Result]], Callable[[Event], Result]]


class _Failed(enum.Enum):
    FAILED = enum.auto()


_FAILED = _Failed.FAILED


@attrs.frozen
class _Handler:
    kinds: tuple[type[WebhookEvent], ...]
    call: Callable[[Any], object]


class WebhookReceiver:
    """Receives deliveries, calls handlers for each event once, and says what to answer; an `EventSource` for clients.

    Handlers may be sync or async. A sync one runs in the event loop, where nothing can interrupt it, so it must be
    quick: one that outlasts `handler_timeout` has failed, even if it ends. All handlers of an event run at the same
    time, each for at most `handler_timeout`. When one of them fails, whatever it raises, the others still end, and the
    answer 500 makes Plextera deliver again; then all of them are called again. So handlers must be idempotent, and what
    takes longer belongs in a queue of yours that a handler puts it into.
    """

    def __init__(
        self, verifier: WebhookVerifier, seen: SeenEvents | None = None, handler_timeout: float = 5.0
    ) -> None:
        """Make a receiver.

        Args:
            verifier: Decides which deliveries are trusted, and how large they may be.
            seen: Remembers which events are done. None means in this process; several processes that serve one
                endpoint need a store that they share.
            handler_timeout: How long a handler may take, and each call of `seen`; seconds. How long Plextera waits
                for an answer is not documented.

        Raises:
            ConfigurationError: If the timeout is not a positive number.
        """
        if not 0 < handler_timeout < math.inf:
            raise ConfigurationError("handler_timeout must be a positive number of seconds")
        self._verifier = verifier
        self._seen = InMemorySeenEvents(claim_seconds=60 + handler_timeout) if seen is None else seen
        self._handler_timeout = handler_timeout
        self._handlers: list[_Handler] = []
        self._listeners: dict[object, Listener] = {}
        self._asking: set[asyncio.Task[Any]] = set()
        self._answers = {
            Claim.DONE: Reply(200),
            Claim.RUNNING: Reply(503, headers={"Retry-After": str(math.ceil(handler_timeout))}),
        }

    def __repr__(self) -> str:
        return f"<WebhookReceiver with {len(self._handlers)} handlers>"

    @property
    def max_bytes(self) -> int:
        """The largest body that the verifier looks at: more need not be read."""
        return self._verifier.max_bytes

    @overload
    def on(self, kind: type[Event], other: type[Second], /) -> Decorator[Event | Second, Result]: ...
    @overload
    def on(
        self, kind: type[Event], second: type[Second], third: type[Third], /
    ) -> Decorator[Event | Second | Third, Result]: ...
    @overload
    def on(self, *kinds: type[Event]) -> Decorator[Event, Result]: ...
    def on(self, *kinds: type[Any]) -> Decorator[Any, Any]:
        """Decorate a handler of one or several kinds of event.

        Args:
            kinds: Classes of `plextera_async.webhooks`. One that others derive from stands for these too:
                `ExtractionEvent` for every end of an extraction.

        Raises:
            ConfigurationError: If there is no class, or something else.
        """
        if not kinds or not all(isinstance(kind, type) and issubclass(kind, WebhookEvent) for kind in kinds):
            raise ConfigurationError(
                "name event classes of plextera_async.webhooks: @receiver.on(ExtractionEvent)"
            )

        def register(handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
            self._handlers.append(_Handler(kinds, handler))
            return handler

        return register

    def on_any(self, handler: Callable[[WebhookEvent], Result]) -> Callable[[WebhookEvent], Result]:
        """Decorate a handler of every event, those of unknown types included."""
        return self.on(WebhookEvent)(handler)

    def subscribe(self, listener: Listener, /) -> Callable[[], None]:
        """Have *listener* called with each ended job: when its event is NEW, before the handlers, and on `publish`.

        A listener that fails is logged and disturbs nothing. Returns what ends it; calling that again does nothing.
        """
        token = object()
        self._listeners[token] = listener

        def unsubscribe() -> None:
            self._listeners.pop(token, None)

        return unsubscribe

    def publish(self, event: WebhookEvent) -> None:
        """Tell listeners of an event that another process received, so that waits in this one end; calls no handler.

        Pass the raw body and the headers between your processes, and give what `verifier.verify` makes of them here.
        """
        told = _told(event)
        if told is None:
            return
        for listener in tuple(self._listeners.values()):
            try:
                listener(told)
            except Exception as error:  # noqa: BLE001 - whatever it is, the delivery goes on
                _note(event, "a listener failed", error)

    async def handle(self, body: bytes, headers: Mapping[Any, Any] | Iterable[tuple[Any, Any]]) -> Reply:
        """Handle one delivery; from a framework without an adapter, call this and answer with what it gives.

        Args:
            body: The raw body, before any parsing.
            headers: The request's headers, as for `WebhookVerifier.verify`.

        Returns:
            200 when the event has been handled, now or before. 400, without a reason, when it cannot be trusted; the
            reason is logged. 503 while another delivery of the same event is being handled. 500 when a handler or the
            store of seen events failed or took too long. Nothing is raised, short of what ends the process
            (KeyboardInterrupt, SystemExit); a cancelled call gives its claim back.
        """
        try:
            event = self._verifier.verify(body, headers)
        except WebhookVerificationError as error:
            _LOG.info("a delivery was refused: %s", error)
            return Reply(400)
        claim = await self._claim(event)
        if claim is Claim.NEW:
            return await self._deliver(event)
        return Reply(500) if claim is _FAILED else self._answers[claim]

    async def _claim(self, event: WebhookEvent) -> Claim | _Failed:
        """Take an event. What a cancelled call takes without learning of it is given back."""

        def give_back(task: asyncio.Task[Claim | _Failed]) -> None:
            if not task.cancelled() and task.result() is Claim.NEW:
                self._start(partial(self._seen.release, event.event_id), event)

        task = self._start(partial(_take, self._seen, event), event)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(give_back)
            raise

    async def _deliver(self, event: WebhookEvent) -> Reply:
        handled = False
        try:
            self.publish(event)
            handled = await self._call_handlers(event)
        finally:
            settle = self._seen.complete if handled else self._seen.release
            settled = await asyncio.shield(self._start(partial(settle, event.event_id), event))
        return Reply(200 if handled and settled is not _FAILED else 500)

    async def _call_handlers(self, event: WebhookEvent) -> bool:
        """Call all handlers of an event; say whether every one of them did its work."""
        chosen = [handler for handler in self._handlers if isinstance(event, handler.kinds)]
        async with asyncio.TaskGroup() as group:
            calls = [
                group.create_task(
                    self._attempt(partial(self._call, handler, event), event, "a handler failed")
                )
                for handler in chosen
            ]
        # A handler can cancel the task that it runs in.
        return not any(call.cancelled() or call.result() is _FAILED for call in calls)

    async def _call(self, handler: _Handler, event: WebhookEvent) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        result = handler.call(event)
        if isawaitable(result):
            await result
        if loop.time() - began > self._handler_timeout:
            raise TimeoutError  # it held the event loop, so that nothing could interrupt it

    def _start(
        self, step: Callable[[], Awaitable[Result]], event: WebhookEvent
    ) -> asyncio.Task[Result | _Failed]:
        """Ask the store in a task of its own: a cancelled delivery must not leave its claim behind."""
        task = asyncio.create_task(self._attempt(step, event, _STORE_FAILED))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
        return task

    async def _attempt(
        self, step: Callable[[], Awaitable[Result]], event: WebhookEvent, what: str
    ) -> Result | _Failed:
        """Await code of the user's: what it raises, or does not end in time, is noted and becomes a value."""
        try:
            return await self._in_time(step)
        except asyncio.CancelledError as cancelled:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            failure: BaseException = cancelled  # not we: something that the code awaited was cancelled
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise  # the end of the process, or of the loop
        except BaseException as error:  # noqa: BLE001 - whatever it is, it means another delivery
            failure = error
        _note(event, what, failure)
        return _FAILED

    async def _in_time(self, step: Callable[[], Awaitable[Result]]) -> Result:
        async with asyncio.timeout(self._handler_timeout) as deadline:
            result = await step()
        if deadline.expired():
            raise TimeoutError  # it caught its cancellation and went on
        return result


async def _take(seen: SeenEvents, event: WebhookEvent) -> Claim:
    return Claim(await seen.claim(event.event_id))  # ValueError from a store that answers something else


def _told(event: WebhookEvent) -> JobEvent | None:
    for kind in _KINDS:
        model = getattr(event, kind, None)
        if model is not None:
            return JobEvent(kind=kind, id=model.id, occurred_at=event.occurred_at, model=model)
    return None


def _note(event: WebhookEvent, what: str, error: BaseException) -> None:
    """Log a failure without its message, which may quote what the event holds."""
    _LOG.error("%s: %s %s: %s", what, event.event_type, event.event_id, type(error).__name__)
