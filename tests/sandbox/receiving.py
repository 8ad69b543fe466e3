"""A receiver of deliveries on loopback that knows nothing of the package."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer
from jsonschema import Draft202012Validator

from tests.sandbox.support import SUBSCRIPTIONS, Api, running

HOOK = "https://example.com/hook"
SECRET = "whsec_1"
DAY = 86_400.0
ALL_TYPES = [
    f"{kind}.{end}"
    for kind, ends in {
        "document-insights.extraction": ("completed", "failed", "rejected"),
        "document-insights.job": ("completed", "failed", "rejected"),
        "workflow.run": ("completed", "failed"),
    }.items()
    for end in ends
]

_SPEC: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "openapi" / "plextera.yaml").read_text())


@attrs.frozen
class Delivered:
    """One request that came to the receiver."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        return json.loads(self.body)

    @property
    def delivery_id(self) -> str:
        return self.headers["X-Plextera-Delivery-Id"]

    def is_signed_with(self, secret: str, *, at: float) -> bool:
        expected = hmac.new(secret.encode(), b"%d." % at + self.body, hashlib.sha256).hexdigest()
        return self.headers["X-Plextera-Signature"] == f"t={int(at)},v1={expected}"

    def check(self) -> None:
        """Compare headers with body, and both with the document."""
        event = self.event
        described = _SPEC["webhooks"][event["eventType"]]["post"]
        schema = described["requestBody"]["content"]["application/json"]["schema"]
        checker = Draft202012Validator(schema | {"components": _SPEC["components"]})
        problems = [problem.message for problem in checker.iter_errors(event)]
        assert not problems, (event["eventType"], problems)
        names = [parameter["$ref"].rpartition("/")[2] for parameter in described["parameters"]]
        headers = {_SPEC["components"]["parameters"][name]["name"] for name in names}
        assert len(headers) == 6
        assert headers <= set(self.headers)
        assert self.headers["Content-Type"] == "application/json"
        assert self.headers["X-Plextera-Event-Id"] == event["eventId"]
        assert self.headers["X-Plextera-Event-Type"] == event["eventType"]
        assert self.headers["X-Plextera-Event-Occurred-At"] == event["occurredAt"]
        assert self.headers["X-Plextera-Api-Version"] == event["apiVersion"] == "v1"


class Receiver:
    """Keeps what comes, and answers with the statuses it is told, then 200; None means never."""

    def __init__(self) -> None:
        self.got: list[Delivered] = []
        self.answers: list[int | None] = []
        self.url = ""

    @property
    def types(self) -> list[str]:
        return [one.event["eventType"] for one in self.got]

    async def take(self, request: web.Request) -> web.Response:
        delivered = Delivered(request.headers.copy(), await request.read())
        self.got.append(delivered)
        delivered.check()
        status = self.answers.pop(0) if self.answers else 200
        if status is None:
            await asyncio.Event().wait()
        return web.Response(status=status or 500, headers={"Location": "/elsewhere"})


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    async with TestServer(app, host="127.0.0.1", shutdown_timeout=0.1) as server:
        receiver.url = str(server.make_url("/hook"))
        yield receiver


@asynccontextmanager
async def delivering(**settings: Any) -> AsyncIterator[tuple[Api, Receiver]]:
    """Give a sandbox on a virtual clock, and a receiver to which `HOOK` is mapped."""
    async with receiving() as receiver, running(endpoints={HOOK: receiver.url}, **settings) as api:
        yield api, receiver


async def subscribe(api: Api, *event_types: str, **more: Any) -> dict[str, Any]:
    body = {"endpointUrl": HOOK, "eventTypes": list(event_types or ALL_TYPES), "signingSecret": SECRET}
    reply = await api.post(SUBSCRIPTIONS, body | more)
    assert reply.status == 201
    made: dict[str, Any] = reply.json
    return made


async def update(api: Api, subscription: Mapping[str, Any], **changes: Any) -> None:
    reply = await api.call("PATCH", f"{SUBSCRIPTIONS}/{subscription['id']}", body=changes)
    assert reply.status == 200


async def pass_time(api: Api, seconds: float = DAY) -> None:
    """Move the clock, and wait for what is due by then."""
    api.advance(seconds)
    await api.sandbox.settle()


async def fail_run(api: Api, workflow: str = "claims") -> None:
    """Let an event come about now."""
    run = (await api.post(f"/workflows/{workflow}/runs")).json
    api.sandbox.force(run["id"], status="FAILED", error=("X", "y"))


def record(api: Api) -> list[tuple[int, int | None, str | None]]:
    return [(one.attempt, one.status, one.failure) for one in api.sandbox.deliveries]


def ages(api: Api) -> list[float]:
    first = api.sandbox.deliveries[0].at
    return [one.at - first for one in api.sandbox.deliveries]
