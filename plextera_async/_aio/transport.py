"""The one seam to aiohttp: one attempt, its redirects, its answer. Nothing of aiohttp leaves it."""

import os
import ssl
from collections.abc import AsyncGenerator, Awaitable, Mapping
from typing import Any

import aiohttp
import attrs
from aiohttp import ClientHandlerType, hdrs
from multidict import istr
from yarl import URL

from plextera_async._aio.allocator import keep_read_buffers
from plextera_async._aio.bodies import Sending, sending
from plextera_async._aio.idle import has_idle, let_the_loop_read, next_is_quiet
from plextera_async._aio.sessions import Sessions, repeats
from plextera_async._sansio.address import follow, is_same_origin, proxy_for
from plextera_async._sansio.credentials import Secret
from plextera_async._sansio.message import Request
from plextera_async.errors import (
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    RedirectError,
    RequestTimeoutError,
    TransportError,
)
from plextera_async.options import Timeouts

__all__ = ["Reply", "TooLargeError", "Transport"]


_REQUEST_ID = istr("X-Request-Id")
_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_RAW = (aiohttp.ClientError, TimeoutError, OSError)
_CAUGHT = (*_RAW, ValueError)
_NO_TYPE = ("Content-Type",)  # of a body that is not there

_FAILURES: tuple[tuple[tuple[type[BaseException], ...], type[TransportError], str], ...] = (
    (
        (
            aiohttp.ClientConnectorError,
            aiohttp.ConnectionTimeoutError,
            aiohttp.ClientHttpProxyError,
            aiohttp.ServerFingerprintMismatch,
            aiohttp.InvalidURL,
        ),
        ConnectError,
        "no connection",
    ),
    ((TimeoutError,), RequestTimeoutError, "no answer in time"),
    (
        (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, OSError),
        ConnectionLostError,
        "the connection broke",
    ),
    ((aiohttp.ClientError,), TransportError, "an answer that is not HTTP"),
)


class TooLargeError(Exception):
    """An answer went over the limit; never leaves the sender."""


@attrs.frozen
class Transport:
    """Makes single attempts."""

    base_url: str
    authorization: Secret
    timeouts: Timeouts
    sessions: Sessions
    proxies: Mapping[str, str] = attrs.field(factory=dict[str, str], repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str], repr=False)
    """What each request has to bring: nothing that its session sends by itself."""
    _proxy: str | None = attrs.field(init=False, repr=False)
    _url: URL = attrs.field(init=False, repr=False)
    _options: dict[str, Any] = attrs.field(init=False, repr=False)
    _upload_options: dict[str, Any] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Prepare what is the same for all requests. A proxy that cannot be used is told at once."""
        object.__setattr__(self, "_proxy", proxy_for(self.base_url, self.proxies))
        object.__setattr__(self, "_url", URL(self.base_url, encoded=True))
        is_given, read = self.sessions.is_given, self.timeouts.read
        options = _options(self.timeouts, read=read, is_given=is_given)
        # The silence after a streamed upload begins when all of it has left, which only aiohttp knows.
        object.__setattr__(self, "_upload_options", options)
        if self.sessions.watches(read):
            options = _options(self.timeouts, read=None, is_given=is_given)
        object.__setattr__(self, "_options", options)
        keep_read_buffers()

    async def open(self, request: Request, request_id: str) -> "Reply":
        """Send a request and wait for the head of its answer. GETs follow up to five redirects.

        Raises:
            TransportError: If no answer came; `may_have_been_applied` says whether it could have been acted on.
            Exception: Whatever the source of an upload raised, as it is.
        """
        pair = self.sessions.at_hand() or await self.sessions.current()
        # A read takes what a change has just left: else a job would need two connections, and keep neither fresh for long.
        session = pair.changes if request.changes or has_idle(pair.changes.connector) else pair.reads
        if request.changes and not next_is_quiet(session.connector):
            await let_the_loop_read()
        url, headers = self._address(request), self._headers(request, request_id)
        reply = await self._send(session, request, url, headers=headers, proxy=self._proxy)
        if reply.status in _REDIRECTS:
            return await self._follow(session, request, reply, url=str(url), headers=headers)
        return reply

    def _address(self, request: Request) -> URL:
        if request.query:
            return URL(f"{self.base_url}{request.path}?{request.query}", encoded=True)
        return self._url.with_path(self._url.raw_path.rstrip("/") + request.path, encoded=True)

    async def _follow(
        self,
        session: aiohttp.ClientSession,
        request: Request,
        reply: "Reply",
        *,
        url: str,
        headers: dict[str, str],
    ) -> "Reply":
        for _ in range(_MOST_REDIRECTS):
            await reply.aclose()
            url = self._redirected(request, reply, url, headers)
            proxy = proxy_for(url, self.proxies)
            reply = await self._send(session, request, URL(url, encoded=True), headers=headers, proxy=proxy)
            if reply.status not in _REDIRECTS:
                return reply
        await reply.aclose()
        self._redirected(request, reply, url, headers)  # a bad address is told rather than the number
        raise RedirectError("more than five redirects", status=reply.status)

    def _headers(self, request: Request, request_id: str) -> dict[str, str]:
        headers: dict[str, str] = {
            **self.headers,
            hdrs.AUTHORIZATION: self.authorization.reveal(),
            _REQUEST_ID: request_id,
        }
        if request.accept is not None:
            headers[hdrs.ACCEPT] = request.accept
        if request.body is not None:
            headers[hdrs.CONTENT_TYPE] = request.body.content_type
        return headers

    def _redirected(self, request: Request, reply: "Reply", url: str, headers: dict[str, str]) -> str:
        """Give the next address, and take the key out of the headers when it is another host's."""
        if request.changes:
            raise RedirectError("a redirect, which only reading follows", status=reply.status)
        target = follow(url, reply.headers.get("Location"), status=reply.status)
        if not is_same_origin(url, target):
            headers.pop(hdrs.AUTHORIZATION, None)
        return target

    async def _send(
        self,
        session: aiohttp.ClientSession,
        request: Request,
        url: URL,
        *,
        headers: Mapping[str, str],
        proxy: str | None,
    ) -> "Reply":
        body = None if request.body is None else sending(request.body, stall=self.timeouts.read)
        upload = None if body is None or isinstance(body, bytes) else body  # a look at an ABC costs more
        changes = request.changes
        options: dict[str, Any] = self._options if upload is None else self._upload_options
        if repeats(session):
            options = {**options, "middlewares": (*getattr(session, "_middlewares", ()), _once)}
        if changes and body is None:
            options = {**options, "skip_auto_headers": _NO_TYPE}
        try:
            answer = await session.request(
                request.operation.method, url, data=body, headers=headers, proxy=proxy, **options
            )
        except _CAUGHT as raw:
            failure = _translated(raw, upload, changes=changes)
        except BaseException:
            await _let_go(upload)
            raise
        else:
            return Reply(answer, upload, changes=changes)
        await _let_go(upload)
        raise failure  # outside the except block: aiohttp's errors quote addresses with their queries


async def _let_go(upload: Sending | None) -> None:
    if upload is not None:
        await upload.finished()


def _options(times: Timeouts, *, read: float | None, is_given: bool) -> dict[str, Any]:
    """Give aiohttp's options of every request. `connect` counts waiting for a free connection, as a given session may."""
    # Half of `total`: if that ran out first, it would not be known whether the request had left.
    longest = times.connect if times.total is None else min(times.connect, times.total / 2)
    connect = {"sock_connect" if is_given else "connect": longest}
    limits = aiohttp.ClientTimeout(total=times.total, sock_read=read, **connect)
    options: dict[str, Any] = {"allow_redirects": False, "timeout": limits}
    return {**options, "auto_decompress": True, "raise_for_status": False} if is_given else options


async def _once(request: aiohttp.ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating GET, PUT and DELETE by itself after a lost connection, and not saying so.

    What is repeated, when and how often is the sender's to decide: one attempt is one request on the wire.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as lost:
        raise aiohttp.ClientConnectionError(type(lost).__name__) from lost


class Reply:
    """The head of an answer, and the way to its body. Must be closed."""

    def __init__(self, answer: aiohttp.ClientResponse, upload: Sending | None, *, changes: bool) -> None:
        """Take over the answer."""
        self._answer = answer
        self._upload = upload
        self._changes = changes
        self.status: int = answer.status
        self.headers: Mapping[str, str] = answer.headers

    async def read(self, limit: int) -> bytes:
        """Read the whole body.

        Raises:
            TooLargeError: If it is longer than *limit* bytes, after decompression.
            TransportError: If it breaks off.
        """
        length = self._answer.content_length
        if length is not None and length > limit:
            raise TooLargeError
        if length is not None and hdrs.CONTENT_ENCODING not in self.headers:
            try:
                return await self._answer.read()
            except _CAUGHT as raw:
                failure = _translated(raw, self._upload, changes=self._changes)
            raise failure  # outside the except block, as above
        body = bytearray()
        async for chunk in self.chunks():
            body += chunk
            if len(body) > limit:
                raise TooLargeError
        return bytes(body)

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Read the body piece by piece.

        Raises:
            TransportError: If it breaks off.
        """
        content = self._answer.content
        while chunk := await self._step(content.readany()):
            yield chunk

    async def _step(self, step: Awaitable[bytes]) -> bytes:
        try:
            return await step
        except _CAUGHT as raw:
            failure = _translated(raw, self._upload, changes=self._changes)
        raise failure  # outside the except block, as above

    def close(self) -> Sending | None:
        """Give the connection back if the body was read to its end, else close it. Safe to call twice.

        Returns:
            The upload, which may not have let go of its source yet; None when there is nothing to wait for.
        """
        if self._answer.content.at_eof():
            self._answer.release()
        else:
            self._answer.close()
        return self._upload

    async def aclose(self) -> None:
        """Close, and wait for the upload."""
        await _let_go(self.close())


def _translated(raw: BaseException, upload: Sending | None, *, changes: bool) -> BaseException:
    """Turn an error of aiohttp into one of ours; a failure of an upload's source stays what it is."""
    if upload is not None and upload.failure is not None:
        return upload.failure
    if not isinstance(
        raw, _RAW
    ):  # a ValueError before anything is sent, about what session or environment say
        return ConfigurationError("aiohttp refuses the session's `auth`, a netrc entry or a proxy address")
    kind, text = next((kind, text) for types, kind, text in _FAILURES if isinstance(raw, types))
    may_have_been_applied = changes and kind is not ConnectError
    return kind(f"{text} ({_reason(raw)})", may_have_been_applied=may_have_been_applied)


def _reason(raw: BaseException) -> str:
    """Name the error, and what the system said; the numbers of TLS and of name look-ups are not the system's."""
    number = raw.errno if isinstance(raw, OSError) else None
    if number is None or number <= 0 or isinstance(raw, aiohttp.ClientSSLError | ssl.SSLError):
        return type(raw).__name__
    return f"{type(raw).__name__}: {os.strerror(number)}"
