"""Serves the operations over HTTP: key, request ids, faults, the record of what came, and sending answers."""

import hmac
import logging
import re
from collections import deque
from collections.abc import Mapping

from aiohttp import web

from ._exchange import Body, Exchange
from ._faults import Fault, Faults
from ._received import Received
from ._routes import Match, Route, match
from .wire.accept import takes_json
from .wire.answers import JSON, Answer, RefusedError, envelope
from .wire.calls import Call
from .world.ids import request_id
from .world.world import World

BASE_PATH = "/api/public/v1"
_REQUEST_ID = re.compile(r"[!-~]{1,64}")
_SHUTDOWN_SECONDS = 0.1
_UNAUTHORIZED = "Send the header `Authorization: api-key <key>` with a valid key."

_logger = logging.getLogger("plextera_async.sandbox")


class Server:
    """The HTTP side of one sandbox.

    Args:
        world: What is served.
        api_key: The one valid key.
        faults: What goes wrong.
        requests: Where every request is noted.
    """

    def __init__(self, world: World, api_key: str, *, faults: Faults, requests: deque[Received]) -> None:
        self._world = world
        self._credentials = f"api-key {api_key}".encode()
        self._faults = faults
        self._requests = requests
        self._runner: web.ServerRunner | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port, which the system chose if *port* is 0.

        Raises:
            OSError: If the address cannot be bound.
        """
        server = web.Server(self._handle, access_log=None)
        runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=_SHUTDOWN_SECONDS)
        await runner.setup()
        self._runner = runner
        await web.TCPSite(runner, host, port, backlog=1024).start()
        bound: int = runner.addresses[0][1]
        return bound

    async def stop(self) -> None:
        """Close the listening socket and every connection."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        raw_path = request.rel_url.raw_path
        path = raw_path.removeprefix(BASE_PATH)
        found = match(request.method, path) if raw_path.startswith(BASE_PATH + "/") else Match(None, {})
        received = self._note(request, path)
        call = Call(
            method=request.method,
            params=found.params,
            query=request.query if request.query_string else {},
            content_type=request.headers.get("Content-Type", ""),
            length=request.content_length,
            read=Body(request).read,
            journal=received,
        )
        exchange = Exchange(request, received, self._world.now)
        operation = found.route.operation if found.route else None
        fault = self._faults.take(request.method, path, operation, now=self._world.now())
        try:
            if fault is not None:
                return await self._misbehave(exchange, call, found, fault)
            return await exchange.send(await self._answer(request, call, found))
        except (ConnectionError, web.RequestPayloadError):
            # The client went away, or broke its own body off.
            return exchange.hang_up()

    def _note(self, request: web.BaseRequest, path: str) -> Received:
        headers = {name.lower(): value for name, value in request.headers.items()}
        headers.pop("authorization", None)
        given = headers.get("x-request-id", "")
        received = Received(
            method=request.method,
            path=path,
            query=request.query_string,
            headers=headers,
            request_id=given if _REQUEST_ID.fullmatch(given) else request_id(),
            at=self._world.now(),
        )
        self._requests.append(received)
        return received

    async def _answer(self, request: web.BaseRequest, call: Call, found: Match) -> Answer:
        """Carry a request out; every refusal becomes the envelope."""
        try:
            route = self._admitted(request.headers, found)
            await self._world.agenda.settle()
            return await route.handler(self._world, call)
        except RefusedError as refusal:
            body = envelope(refusal.status, refusal.message, call.journal.request_id, details=refusal.details)
            return Answer(refusal.status, body, headers=refusal.headers)
        except (ConnectionError, web.RequestPayloadError):
            raise
        except Exception:
            _logger.exception(
                "the sandbox failed on %s", found.route.operation if found.route else "a request"
            )
            message = "The sandbox itself failed; its log says why."
            return Answer(500, envelope(500, message, call.journal.request_id))

    async def _misbehave(
        self, exchange: Exchange, call: Call, found: Match, fault: Fault
    ) -> web.StreamResponse:
        """Let *fault* happen to a request."""
        if fault.drop == "before_body":
            await self._world.agenda.sleep(fault.delay)
            return exchange.hang_up()
        answer: Answer | None = None
        if fault.apply:
            answer = await self._answer(exchange.request, call, found)
        if fault.apply or fault.answers or fault.drop is not None:
            await call.drain()
        await self._world.agenda.sleep(fault.delay)
        if fault.drop == "after_body":
            return exchange.hang_up()
        if fault.answers:
            answer = _wrong_answer(fault, call)
        if answer is None:
            answer = await self._answer(exchange.request, call, found)
        return await exchange.send(answer, half=fault.drop == "mid_response")

    def _admitted(self, headers: Mapping[str, str], found: Match) -> Route:
        credentials = headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(credentials, self._credentials):
            raise RefusedError(401, _UNAUTHORIZED)
        if not found.allowed:
            raise RefusedError(404, "There is nothing at this path.")
        if found.route is None:
            allow = ", ".join(found.allowed)
            raise RefusedError(405, f"This path takes {allow}.", headers={"Allow": allow})
        if not _REQUEST_ID.fullmatch(headers.get("X-Request-Id", "-")):
            raise RefusedError(400, "X-Request-Id must have 1 to 64 visible ASCII characters.")
        if found.route.gives_json and not takes_json(headers.get("Accept", "")):
            raise RefusedError(406, f"Answers are {JSON} only; send `Accept: {JSON}`.")
        return found.route


def _wrong_answer(fault: Fault, call: Call) -> Answer:
    status = 500 if fault.status is None else fault.status
    headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after}"}
    if fault.body is not None:
        return Answer(status, fault.body, fault.content_type or JSON, headers)
    body = envelope(
        status,
        "A fault that was asked for.",
        call.journal.request_id,
        code=fault.code,
        retryable=fault.retryable,
    )
    return Answer(status, body, headers=headers)
