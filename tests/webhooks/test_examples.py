"""The example applications, served, with a sandbox behind them; the example of a shared store, shared."""

import asyncio
import importlib
import sys
from contextlib import asynccontextmanager
from functools import partial

import aiohttp
import pytest

from examples.shared_seen_events import SQLiteSeenEvents
from plextera_async.sandbox import DeliveryFault, DeliveryPolicy, Sandbox, Timing
from plextera_async.webhooks import Claim, WebhookReceiver, WebhookVerifier
from tests.sandbox.support import until
from tests.webhooks.deliveries import SECRET, Noted, extraction_event, serving, signed

ENDPOINT = "https://example.com/webhooks/plextera"


def fastapi_app(module):
    return module.app


def aiohttp_app(module):
    return module.make_app()


@pytest.fixture
def policy():
    return DeliveryPolicy(first_delay=0.01)


@pytest.fixture
async def sandbox(policy):
    """A sandbox that delivers again at once, in place of the one of all tests."""
    async with Sandbox(timing=Timing(queued=0, processing=0), delivery_policy=policy) as running:
        yield running


@pytest.fixture(params=[("examples.receive_fastapi", fastapi_app), ("examples.receive_aiohttp", aiohttp_app)])
def module_and_app(request, sandbox, monkeypatch):
    settings = {"API_KEY": sandbox.api_key, "BASE_URL": sandbox.base_url}
    for name, value in {**settings, "SIGNING_SECRET": SECRET, "ENDPOINT": ENDPOINT}.items():
        monkeypatch.setenv(f"PLEXTERA_{name}", value)
    name, make = request.param
    module = importlib.import_module(name)
    yield partial(make, module)
    del sys.modules[name]


@asynccontextmanager
async def served(app, sandbox):
    """Serve an application, and let the sandbox deliver to it; gives what submits a document and gives its id."""
    async with serving(app) as port, aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        sandbox.add_endpoint(ENDPOINT, f"http://127.0.0.1:{port}/webhooks/plextera")

        async def submit(name, content):
            answer = await session.post(f"/documents/{name}", data=content)
            assert answer.status == 202
            return (await answer.json())["id"]

        yield submit


async def delivered(sandbox, *statuses):
    """Wait until the sandbox has delivered, each time with the answer expected."""
    await until(lambda: len(sandbox.deliveries) >= len(statuses))
    await sandbox.settle()
    assert [one.status for one in sandbox.deliveries] == list(statuses)


async def test_an_application_takes_a_document_and_receives_its_end(module_and_app, sandbox, capsys):
    sandbox.delivery_faults.add(DeliveryFault(wrong_signature=True))
    sandbox.delivery_faults.add(DeliveryFault(duplicate=True))
    async with served(module_and_app(), sandbox) as submit:
        completed = await submit("note.txt", b"Patient: Jane Doe\n")
        await delivered(sandbox, 400, 200, 200)
        rejected = await submit("torn.pdf", b"%PDF-1.7 torn")
        await delivered(sandbox, 400, 200, 200, 200)

    assert list(sandbox.world.extractions) == [completed, rejected]
    assert capsys.readouterr().out == f"{completed} 1 fields\n{rejected} REJECTED\n"
    assert len(sandbox.world.subscriptions) == 1


@pytest.mark.parametrize("policy", [DeliveryPolicy(with_output=False)])
async def test_an_application_reads_an_output_that_the_event_lacks(module_and_app, sandbox, capsys):
    async with served(module_and_app(), sandbox) as submit:
        extraction_id = await submit("note.txt", b"Patient: Jane Doe\nGlucose: 5.4\n")
        await delivered(sandbox, 200)

    assert capsys.readouterr().out == f"{extraction_id} 2 fields\n"


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
