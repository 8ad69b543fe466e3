"""The example applications, served, with a sandbox behind them; the example of a shared store, shared."""

import asyncio
import importlib
import sys
from functools import partial

import aiohttp
import pytest

from examples.shared_seen_events import SQLiteSeenEvents
from plextera_async.webhooks import Claim, WebhookReceiver, WebhookVerifier
from tests.webhooks.deliveries import SECRET, Noted, extraction_event, serving, signed

ENDPOINT = "https://example.com/webhooks/plextera"


def fastapi_app(module):
    return module.app


def aiohttp_app(module):
    return module.make_app()


@pytest.fixture(params=[("examples.receive_fastapi", fastapi_app), ("examples.receive_aiohttp", aiohttp_app)])
def module_and_app(request, sandbox, monkeypatch):
    settings = {"API_KEY": sandbox.api_key, "BASE_URL": sandbox.base_url}
    for name, value in {**settings, "SIGNING_SECRET": SECRET, "ENDPOINT": ENDPOINT}.items():
        monkeypatch.setenv(f"PLEXTERA_{name}", value)
    name, make = request.param
    module = importlib.import_module(name)
    yield partial(make, module)
    del sys.modules[name]


async def test_an_application_takes_a_document_and_receives_its_end(module_and_app, sandbox, capsys):
    async with (
        serving(module_and_app()) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        answer = await session.post("/documents/note.txt", data=b"Patient: Jane Doe\n")
        extraction_id = (await answer.json())["id"]
        output = {"fields": [{"id": "patient"}]}
        completed = extraction_event(extractionId=extraction_id, output=output)
        bodies = [completed, completed, extraction_event("evt_2", "failed")]
        statuses = [
            (await session.post("/webhooks/plextera", data=body, headers=signed(body))).status
            for body in bodies
        ]
        forged = await session.post(
            "/webhooks/plextera", data=completed, headers=signed(completed, "another")
        )

    assert (answer.status, list(sandbox.world.extractions)) == (202, [extraction_id])
    assert (statuses, forged.status) == ([200, 200, 200], 400)
    assert capsys.readouterr().out == f"{extraction_id} 1 fields\nan-id FAILED\n"
    assert len(sandbox.world.subscriptions) == 1


async def test_an_application_reads_an_output_that_the_event_lacks(module_and_app, capsys):
    async with (
        serving(module_and_app()) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        answer = await session.post("/documents/note.txt", data=b"Patient: Jane Doe\nGlucose: 5.4\n")
        body = extraction_event(extractionId=(await answer.json())["id"])
        delivered = await session.post("/webhooks/plextera", data=body, headers=signed(body))

    assert delivered.status == 200
    assert capsys.readouterr().out.endswith(" 2 fields\n")


async def test_an_application_that_starts_again_does_not_subscribe_again(module_and_app, sandbox):
    for _ in range(2):
        async with serving(module_and_app()):
            pass

    assert [one.endpoint_url for one in sandbox.world.subscriptions.values()] == [ENDPOINT]


class Time:
    now = 1000.0

    def __call__(self):
        return self.now


async def test_two_processes_share_what_they_have_seen(tmp_path):
    one, other = (SQLiteSeenEvents(tmp_path / "seen.sqlite") for _ in range(2))

    claims = await asyncio.gather(*[store.claim("a") for store in (one, other) * 4])
    assert sorted(claims, key=str) == [Claim.NEW, *[Claim.RUNNING] * 7]
    await other.release("a")
    assert await one.claim("a") is Claim.NEW
    await one.complete("a")
    await one.release("a")
    assert await other.claim("a") is Claim.DONE


async def test_claims_expire_and_what_is_done_is_forgotten_in_the_end(tmp_path):
    time = Time()
    store = SQLiteSeenEvents(tmp_path / "seen.sqlite", claim_seconds=60, keep_seconds=1000, clock=time)

    await store.claim("a")
    time.now += 60
    assert await store.claim("a") is Claim.NEW
    await store.complete("a")
    time.now += 999
    assert await store.claim("a") is Claim.DONE
    time.now += 1
    assert await store.claim("a") is Claim.NEW


async def test_receivers_of_two_processes_handle_an_event_once(tmp_path):
    stores = [SQLiteSeenEvents(tmp_path / "seen.sqlite") for _ in range(2)]
    receivers = [WebhookReceiver(WebhookVerifier(SECRET), store) for store in stores]
    noted = [receiver.on_any(Noted()) for receiver in receivers]
    body = extraction_event()

    statuses = [(await receiver.handle(body, signed(body))).status for receiver in receivers]

    assert statuses == [200, 200]
    assert [len(one.events) for one in noted] == [1, 0]
