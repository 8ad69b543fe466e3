"""The one retry loop: tries, asks `_sansio` what a failure means, sleeps or gives up."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from functools import partial
from itertools import count
from typing import Any, Final, Generic, TypeVar

import anyio
import attrs

from plextera_async._aio.cancelling import between_attempts
from plextera_async._aio.clock import Beginning, Clock
from plextera_async._aio.gate import Gate, Turn
from plextera_async._aio.transport import Reply, TooLargeError, Transport
from plextera_async._sansio.codec import decode
from plextera_async._sansio.created import decode_created
from plextera_async._sansio.failure import api_error, is_success
from plextera_async._sansio.message import Request, Response
from plextera_async._sansio.pacing import Told, kind_of, told
from plextera_async._sansio.retry import Failure, seconds_before_retry
from plextera_async.errors import (
    AmbiguousCreateError,
    APIError,
    DecodeError,
    NotFoundError,
    PlexteraError,
    TransportError,
)
from plextera_async.options import ClientOptions

__all__ = ["Answer", "Receive", "Sender"]


T = TypeVar("T")
Receive = Callable[[Reply], Awaitable[bytes]]
Attempt = Callable[[Request, str, int], Awaitable[T | Failure]]

# `Failure`, which as a union is made anew at each look
_FAILURES: Final = (TransportError, APIError, DecodeError)
_READING: Final[Mapping[str, Callable[[bytes, type[Any]], Any]]] = {"POST": decode_created}
"""By the method: what was made has an id. All others are decoded as they are."""

_LOG = logging.getLogger("plextera_async.requests")
_MOST_BYTES = 64 * 1024 * 1024  # of an answer: above the largest file that the API takes
_MOST_ERROR_BYTES = 256 * 1024
_ERROR_BODY_SECONDS = 5.0
_READ_ONCE = (
    "not tried again, as its source cannot be read again: a path, bytes or a function that opens it can"
)


@attrs.define
class Answer(Generic[T]):
    """A decoded answer and the id to quote for it. Not to be changed; not frozen, as `Request` says why."""

    model: T = attrs.field(repr=False)
    request_id: str | None = None
    attempts: int = 1
    date: str | None = attrs.field(default=None, kw_only=True)
    """The header `Date`, as it came: the server's own clock."""


@attrs.frozen
class Sender:
    """Sends requests until they are answered or must not be sent again."""

    transport: Transport
    options: ClientOptions
    gate: Gate
    clock: Clock = attrs.field(factory=Clock)

    async def call(
        self,
        request: Request,
        type_: type[T],
        *,
        reading: Callable[[bytes, type[T]], T] | None = None,
        retry: bool = True,
    ) -> Answer[T]:
        """Send a request and decode its answer.

        Args:
            request: What to send.
            type_: What the answer is.
            reading: A way of one's own to read it, which may raise DecodeError.
            retry: As for `send`.

        Raises:
            DecodeError: If the answer does not fit; of a create, that is an `AmbiguousCreateError`.
            PlexteraError: As `send` does.
        """
        began = self.clock.begin() if request.operation.creates else None
        response = await self.send(request, retry=retry)
        try:
            model = (reading or _READING.get(request.operation.method, decode))(response.content, type_)
        except DecodeError as unplaced:
            problems = unplaced.problems
        else:
            return Answer(model, response.request_id, response.attempts, date=response.headers.get("Date"))
        failure = _undecodable(request, response, problems)
        raise self._given_up(failure, request, response.request_id, began)

    def send(
        self, request: Request, *, receive: Receive | None = None, retry: bool = True
    ) -> Awaitable[Response]:
        """Send a request until it succeeds or must not be sent again.

        Args:
            request: What to send.
            receive: Takes the body of a success, but for a DELETE; it may be called again after a failure, and starts
                anew then. None reads all of it, up to the limit.
            retry: False makes one attempt only: for waits, which have a rhythm of their own.

        Raises:
            PlexteraError: The last failure, or `AmbiguousCreateError` for a create whose fate is unknown.
            Exception: Whatever the source of an upload raised, as it is.
        """
        if request.operation.method == "DELETE":
            return self._delete(request, retry=retry)
        whole = self._whole if receive is None else partial(self._whole, receive=receive)
        return self._until_answered(request, whole, retry=retry)

    async def _delete(self, request: Request, *, retry: bool) -> Response:
        try:
            return await self._until_answered(request, self._whole, retry=retry)
        except NotFoundError as missing:
            if not missing.may_have_been_applied:
                raise
            return Response(  # an attempt before this one deleted it
                status=missing.status, headers={}, request_id=missing.request_id, attempts=missing.attempts
            )

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[AsyncIterator[bytes], None]:
        """Send a request and hand over the pieces of its answer; only what comes before them is tried again."""
        reply = await self._until_answered(request, self._head, retry=True)
        try:
            async with aclosing(reply), aclosing(reply.chunks()) as chunks:
                yield chunks
        except TransportError as failure:
            if failure.operation is None:
                failure.operation, failure.request_id = (
                    request.operation.id,
                    reply.headers.get("X-Request-Id"),
                )
            raise

    async def _until_answered(self, request: Request, attempt: Attempt[T], *, retry: bool) -> T:
        request_id = self.clock.request_id()
        began = self.clock.begin() if request.operation.creates else None
        turn = self.gate.turn(kind_of(request), self.clock, poll=not retry)
        sessions = self.transport.sessions
        closings = sessions.closings()
        may_have_been_applied = False
        for number in count(1):
            if not turn.begins():
                with between_attempts(unsent=began is not None and not may_have_been_applied):
                    await turn.wait()
            outcome = await self._try(request, attempt, turn, request_id=request_id, number=number)
            if not isinstance(outcome, _FAILURES):
                return outcome
            may_have_been_applied = may_have_been_applied or outcome.may_have_been_applied
            pause = self._pause(request, outcome, number) if retry else None
            if pause is not None and sessions.closings() == closings:
                _LOG.info("%s; next attempt in %.1f s", outcome, pause)
                with between_attempts(unsent=began is not None and not may_have_been_applied):
                    await self.clock.sleep(pause)
            if (
                pause is None or sessions.closings() != closings
            ):  # closed by its owner, who wants no more of it
                outcome.may_have_been_applied = may_have_been_applied  # by this attempt or one before it
                raise self._given_up(outcome, request, request_id, began)
        raise AssertionError("count() does not end")  # pragma: no cover - for type checkers

    async def _try(
        self, request: Request, attempt: Attempt[T], turn: Turn, *, request_id: str, number: int
    ) -> T | Failure:
        """Make the attempt whose turn has begun; what may be tried again is given back as a value."""
        outcome: T | Failure
        says, pause = Told.NOTHING, 0.0
        try:
            try:
                outcome = await attempt(request, request_id, number)
            except TransportError as failure:
                if failure.operation is not None:  # of another call, by which an upload's source is fed
                    raise
                failure.operation, failure.request_id, failure.attempts = (
                    request.operation.id,
                    request_id,
                    number,
                )
                outcome = failure
            except DecodeError as failure:
                outcome = failure
            if isinstance(outcome, _FAILURES):
                says, pause = told(outcome, longest=self.options.retry.max_retry_after)
            else:
                says = Told.TAKEN
        finally:
            turn.ends(says, pause)
        if _LOG.isEnabledFor(logging.DEBUG):
            _LOG.debug(
                "%s: attempt %d: %s (request %s)", request.operation.id, number, _label(outcome), request_id
            )
        return outcome

    async def _whole(
        self, request: Request, request_id: str, attempt: int, *, receive: Receive | None = None
    ) -> Response | Failure:
        """Make an attempt that ends with the last byte of the answer."""
        reply = await self.transport.open(request, request_id)
        if not is_success(reply.status):
            return await self._refusal(request, reply, request_id, attempt)
        try:
            content = await (receive(reply) if receive else reply.read(_MOST_BYTES))
        except TooLargeError:
            problems = [("$", f"at most {_MOST_BYTES} bytes", "more")]
        else:
            return _response(reply, request_id, attempt, content)
        finally:
            if (upload := reply.close()) is not None:
                await upload.finished()
        raise _undecodable(request, _response(reply, request_id, attempt), problems)

    async def _head(self, request: Request, request_id: str, attempt: int) -> Reply | Failure:
        """Make an attempt that ends with the head of the answer."""
        reply = await self.transport.open(request, request_id)
        if is_success(reply.status):
            return reply
        return await self._refusal(request, reply, request_id, attempt)

    async def _refusal(self, request: Request, reply: Reply, request_id: str, attempt: int) -> APIError:
        """Read and close an answer with an error status."""
        content = b""
        async with aclosing(reply):
            # A body that is too long, breaks off or trickles: the status has to do, and it decides.
            with suppress(TooLargeError, TransportError), anyio.move_on_after(_ERROR_BODY_SECONDS):
                content = await reply.read(_MOST_ERROR_BYTES)
        response = _response(reply, request_id, attempt, content)
        return api_error(request, response, now=self.clock.now())

    def _pause(self, request: Request, failure: Failure, attempt: int) -> float | None:
        repeats = request.repeats and not request.operation.creates
        pause = seconds_before_retry(
            self.options.retry, failure, repeats=repeats, attempt=attempt, jitter=self.clock.jitter()
        )
        if pause is not None and request.body is not None and not request.body.can_be_sent:
            failure.add_note(_READ_ONCE)
            return None
        return pause

    def _given_up(
        self, failure: PlexteraError, request: Request, request_id: str | None, began: Beginning | None
    ) -> PlexteraError:
        """Say what a failure that is not tried again means: for a create that may have been applied, that it may have."""
        if began is None or not failure.may_have_been_applied:
            return failure
        ambiguous = AmbiguousCreateError(
            "it may have been applied, and is not sent again: look for it first",
            operation=request.operation.id,
            key=request.intent.key,
            tags=request.intent.tags,
            since=self.clock.since(began),
            request_id=request_id,
            cause=failure,
        )
        ambiguous.__cause__ = failure
        return ambiguous


def _response(reply: Reply, request_id: str, attempt: int, content: bytes = b"") -> Response:
    return Response(
        status=reply.status,
        headers=reply.headers,
        content=content,
        request_id=reply.headers.get("X-Request-Id") or request_id,
        attempts=attempt,
    )


def _label(outcome: object) -> str:
    return str(outcome) if isinstance(outcome, PlexteraError) else "answered"


def _undecodable(
    request: Request, response: Response, problems: Sequence[tuple[str, str, str]]
) -> DecodeError:
    return DecodeError(
        problems,
        operation=request.operation.id,
        status=response.status,
        request_id=response.request_id,
        may_have_been_applied=request.changes,
    )
