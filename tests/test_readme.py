"""The README's Python runs, as it stands there, against the sandbox; its commands are those that CI and users run."""

import asyncio
import re
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from plextera_async._aio.clock import Clock
from plextera_async.sandbox import DeliveryFault, DeliveryPolicy, Fault, Sandbox, Timing
from tests.webhooks.deliveries import SECRET, serving

ROOT = Path(__file__).parent.parent
ENDPOINT = "https://example.com/webhooks/plextera"
README = (ROOT / "README.md").read_text()
PYTHON = dict(
    zip(
        ["poll", "events", "workflow", "many", "lists", "ambiguous", "ingest", "sandbox"],
        re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE),
        strict=True,
    )
)


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A sandbox that serves from a thread of its own, so that the README's `asyncio.run` works as it is written."""
    shutil.copy(next((ROOT / "examples/documents").glob("*.pdf")), tmp_path / "lab-result.pdf")
    monkeypatch.chdir(tmp_path)
    ready, done = threading.Event(), threading.Event()
    held: list[Sandbox] = []

    async def serve() -> None:
        policy = DeliveryPolicy(attempts=1)
        async with Sandbox(timing=Timing(queued=0.0, processing=0.0), delivery_policy=policy) as sandbox:
            held.append(sandbox)
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    monkeypatch.setenv("PLEXTERA_API_KEY", held[0].api_key)
    monkeypatch.setenv("PLEXTERA_BASE_URL", held[0].base_url)
    monkeypatch.setenv("PLEXTERA_SIGNING_SECRET", SECRET)
    yield held[0]
    done.set()
    thread.join(10)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Shorten the client's pauses; their length is tested elsewhere."""

    async def sleep(_clock: Clock, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))

    monkeypatch.setattr(Clock, "sleep", sleep)


def run(name: str) -> dict[str, Any]:
    space: dict[str, Any] = {"__name__": "readme"}
    exec(compile(PYTHON[name], f"README.md:{name}", "exec"), space)  # noqa: S102 - our own README
    return space


def test_upload_and_poll_prints_fields(served, capsys):
    run("poll")

    assert len(capsys.readouterr().out.splitlines()) > 0
    (extraction,) = served.world.extractions.values()
    assert extraction.tags["customerDocumentId"] == "lab-42"


def test_the_application_is_delivered_the_end_of_what_it_submitted(served, capsys):
    space = run("events")
    served.delivery_faults.add(DeliveryFault(duplicate=True))

    async def play() -> None:
        async with serving(space["app"]) as port:
            served.add_endpoint(ENDPOINT, f"http://127.0.0.1:{port}/webhooks/plextera")
            await space["subscribe_and_submit"]()
            while [one.status for one in served.deliveries] != [200, 200]:
                await asyncio.sleep(0.01)

    asyncio.run(play())
    (extraction_id,) = served.world.extractions
    count = len(served.world.extractions[extraction_id].output["fields"])
    assert sorted(capsys.readouterr().out.splitlines()) == [
        f"{extraction_id} {count} fields",
        f"{extraction_id} COMPLETED",
    ]
    assert len(served.world.subscriptions) == 1


def test_the_application_refuses_what_is_wrongly_signed(served, capsys):
    space = run("events")
    served.delivery_faults.add(DeliveryFault(wrong_signature=True))

    async def play() -> None:
        async with serving(space["app"]) as port:
            served.add_endpoint(ENDPOINT, f"http://127.0.0.1:{port}/webhooks/plextera")
            await space["subscribe_and_submit"]()
            while [one.status for one in served.deliveries] != [400]:
                await asyncio.sleep(0.01)

    asyncio.run(play())
    assert capsys.readouterr().out == ""


def test_a_workflow_is_started_and_watched(served, capsys):
    run("workflow")

    assert "COMPLETED" in capsys.readouterr().out


def test_many_documents_are_extracted(served, tmp_path, capsys):
    (tmp_path / "empty.pdf").touch()

    run("many")

    lines = sorted(capsys.readouterr().out.splitlines(), key=lambda line: "fields" in line)
    assert len(lines) == 2
    assert "the source is empty" in lines[0]
    assert lines[1].endswith("fields")
    (extraction,) = served.world.extractions.values()
    assert extraction.tags["customerDocumentId"] == "lab-result"


def test_a_list_is_iterated(served, capsys):
    run("poll")
    run("lists")

    assert "the list moved meanwhile: False" in capsys.readouterr().out


@pytest.mark.parametrize(("applied", "shown"), [(True, "<ExtractionHandle "), (False, "None\n")])
def test_an_ambiguous_submission_is_looked_for(served, capsys, *, applied, shown):
    served.faults.add(Fault(path="uploadExtraction", status=502, apply=applied))

    run("ambiguous")

    assert capsys.readouterr().out.startswith(shown)
    assert sum(request.method == "POST" for request in served.requests) == 1


def test_an_ingestion_with_a_ledger_goes_on(served, capsys):
    run("ingest")
    first = capsys.readouterr().out
    run("ingest")

    assert first.endswith(" completed\n")
    assert capsys.readouterr().out == ""
    assert len(served.world.extractions) == 1


def test_every_test_that_is_named_is_there():
    named = set(re.findall(r"`(test_\w+)`", README))
    there = {
        name
        for path in ROOT.glob("tests/**/*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text())
    }

    assert len(named) > 10
    assert named <= there


def test_the_sandbox_example_lives_through_its_faults(capsys):
    run("sandbox")

    assert capsys.readouterr().out == "Patient Jane Doe\nGlucose 5.4\n"


def test_the_two_commands_are_what_the_package_and_ci_offer():
    commands = re.findall(r"^```console\n(.*?)^```", README, re.DOTALL | re.MULTILINE)

    assert commands == [
        'python -m pip install ".[cli]" && plextera ingest examples/documents --sandbox\n',
        "python -m pip install nox && nox\n",
    ]
    assert "python -m pip install nox && nox" in (ROOT / ".ci/run").read_text()
