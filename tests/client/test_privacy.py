"""What users and documents say appears in no log, no repr and no traceback."""

import asyncio
import io
import logging
import pickle
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from plextera_async import AsyncPlextera, FormFile, errors
from plextera_async.options import ClientOptions, RetryPolicy, Timeouts
from plextera_async.sandbox import Fault, Sandbox, Timing
from tests.support.clocks import FakeClock, with_clock
from tests.support.raw_server import RawServer, always, answer
from tests.support.sources import UploadFile, pieces

M = "MARKER7391"
CONTENT = f"Patient: {M}\nTotal: 12.50\n".encode()
KEY = f"key{M}"

Call = Callable[[AsyncPlextera, Path], Awaitable[Any]]


async def _drained(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]


async def _streamed(client: AsyncPlextera) -> bytes:
    async with client.files.stream("f1") as chunks:
        return b"".join([chunk async for chunk in chunks])


TOUR: dict[str, Call] = {
    "upload": lambda c, f: c.files.upload(f / f"{M}.txt"),
    "upload bytes": lambda c, _: c.files.upload(CONTENT, name=f"{M}.txt"),
    "upload stream": lambda c, _: c.files.upload(pieces(CONTENT * 20_000), name=f"{M}.txt"),
    "upload file": lambda c, _: c.files.upload(UploadFile(io.BytesIO(CONTENT), f"{M}.txt")),
    "missing file": lambda c, f: c.files.upload(f / M),
    "folder": lambda c, f: c.files.upload(f),
    "extract": lambda c, _: c.extractions.create(file_id="f1", tags={"patient": M}, key=M),
    "extract url": lambda c, _: c.extractions.create(url=f"https://example.com/{M}?sig={M}"),
    "bad url": lambda c, _: c.extractions.create(url=f"ftp://{M}"),
    "upload extraction": lambda c, _: c.extractions.upload(CONTENT, name=f"{M}.txt", tags={"a": M}),
    "bad tags": lambda c, _: c.extractions.upload(CONTENT, tags={"a": M * 200}),
    "bad key": lambda c, _: c.extractions.create(file_id="f", key=M * 200),
    "feedback": lambda c, _: c.extractions.feedback("e1", M),
    "long feedback": lambda c, _: c.extractions.feedback("e1", M * 200),
    "job": lambda c, _: c.jobs.extract(file_id="f1", metadata={"a": M}),
    "bad hub": lambda c, _: c.jobs.extract(file_id="f1", hub_id=M),
    "run": lambda c, _: c.runs.start("daily", {"a": M, "b": [M]}),
    "bad payload": lambda c, _: c.runs.start("daily", {M: {M, M}}),
    "form": lambda c, f: c.runs.start_form("daily", {"t": M, "j": {"a": M}, "f": FormFile(f / f"{M}.txt")}),
    "subscribe": lambda c, _: c.event_subscriptions.create(
        endpoint_url=f"https://example.com/{M}", event_types=["workflow.run.completed"], signing_secret=M
    ),
    "rotate": lambda c, _: c.event_subscriptions.rotate_secret("s1", M),
    "list": lambda c, _: _drained(aiter(c.runs.list(extra_query={"q": M}))),
    "request": lambda c, _: c.request("POST", "/new", query={"q": M}, json={"a": M}),
    "bad query": lambda c, _: c.request("GET", "/new", query={"q": {M}}),
    "read": lambda c, _: c.files.read("f1"),
    "stream": lambda c, _: _streamed(c),
    "download": lambda c, f: c.files.download("f1", f / f"{M}.out"),
    "download to nowhere": lambda c, f: c.files.download("f1", f / M / f"{M}.out"),
    "download again": lambda c, f: c.files.download("f1", f / f"{M}.txt"),
    "wait": lambda c, _: c.extractions.handle("e1").wait(timeout=2),
    "result": lambda c, _: c.extractions.handle("e1").result(timeout=2),
}

FAULTS: dict[str, dict[str, Any] | None] = {
    "none": None,
    "500": {"status": 500, "body": f'{{"error": {{"code": "X", "message": "{M}", "details": 5}}}}'.encode()},
    "422": {
        "status": 422,
        "body": f'{{"error": {{"code": "VALIDATION_FAILED", "message": "{M}", '
        f'"details": [{{"field": "{M}", "issue": "{M}"}}]}}}}'.encode(),
    },
    "html": {"status": 502, "body": f"<h1>{M}</h1>".encode(), "content_type": "text/html"},
    "code": {"status": 400, "body": f'{{"error": {{"code": "a b {M}", "requestId": "a\\n{M}"}}}}'.encode()},
    "shape": {"status": 200, "body": f'{{"id": ["{M}"], "{M}": 1, "data": "{M}"}}'.encode()},
    "text": {"status": 200, "body": M.encode()},
    "lost": {"drop": "after_body"},
    "half": {"drop": "mid_response", "status": 200, "body": f'{{"id": "{M}{M}{M}"}}'.encode()},
    "failed job": {
        "status": 200,
        "body": f'{{"id": "e1", "status": "FAILED", "error": {{"code": "a {M}", "message": "{M}"}}, '
        f'"output": {{"fields": [{{"id": "x", "value": "{M}"}}]}}, "tags": {{"a": "{M}"}}}}'.encode(),
    },
}


def _texts(outcome: Any) -> list[str]:
    """Everything that a program may print of an outcome without asking for its contents."""
    if not isinstance(outcome, BaseException):
        return [repr(outcome)] if type(outcome).__name__.endswith(("Handle", "Page")) else []
    chain = [str(outcome), repr(outcome), *traceback.format_exception(outcome)]
    copied = pickle.loads(pickle.dumps(outcome))  # noqa: S301 - our own
    return [*chain, str(copied), repr(copied)]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
async def test_a_tour_that_says_nothing(
    fault: dict[str, Any] | None, tmp_path: Path, caplog: pytest.LogCaptureFixture, clock: FakeClock
) -> None:
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    (tmp_path / f"{M}.txt").write_bytes(CONTENT)
    options = ClientOptions(timeouts=Timeouts(read=1), retry=RetryPolicy(max_attempts=2))
    async with (
        Sandbox(api_key=KEY, timing=Timing(queued=0, processing=0)) as sandbox,
        AsyncPlextera(KEY, base_url=sandbox.base_url, options=options) as client,
    ):
        with_clock(client, clock)
        if fault:
            sandbox.faults.add(Fault(times=None, **fault))
        said = [repr(client), repr(client._sender), repr(client.files), repr(client.extractions)]
        for name, call in TOUR.items():
            try:
                outcome = await call(client, tmp_path)
            except errors.PlexteraError as failure:
                outcome = failure
            for text in _texts(outcome):
                assert M not in text, name
        said += [record.getMessage() for record in caplog.records] + [caplog.text]

    assert not [text for text in said if M in text]
    assert any("attempt 1" in text for text in said)


async def test_the_key_is_not_in_what_goes_wrong_below_http(
    caplog: pytest.LogCaptureFixture, clock: FakeClock
) -> None:
    caplog.set_level(logging.DEBUG)
    calls: list[Call] = [TOUR["list"], TOUR["run"], TOUR["request"], TOUR["read"]]
    addresses = ["http://127.0.0.1:1", "https://x.invalid"]
    async with RawServer(always(b"HTTP/1.1 " + M.encode() + b"\r\n\r\n")) as server:
        for address in [*addresses, server.base_url]:
            async with AsyncPlextera(KEY, base_url=address) as client:
                with_clock(client, clock)
                for call in calls:
                    with pytest.raises(errors.PlexteraError) as caught:
                        await call(client, Path())
                    assert not [text for text in _texts(caught.value) if M in text]

    assert M not in caplog.text


@pytest.mark.parametrize("key", [f"api-key {M}", f"{M} x", f"{M}\n", f"{M}ü", [M]])
def test_a_refused_key_is_not_quoted(key: Any) -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        AsyncPlextera(key)
    assert not [text for text in _texts(caught.value) if M in text]


@pytest.mark.parametrize("address", [f"https://{M}:{M}@x.example", f"https://x.example/?{M}", f"ftp://{M}"])
def test_a_refused_address_is_not_quoted(address: str) -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        AsyncPlextera("key", base_url=address)
    assert not [text for text in _texts(caught.value) if M in text]


async def test_models_hide_values(clock: FakeClock) -> None:
    body = (
        f'{{"id": "e1", "status": "COMPLETED", "output": {{"fields": [{{"id": "total", "value": "{M}"}}]}}}}'
    )
    async with (
        RawServer(always(answer(body.encode()))) as server,
        AsyncPlextera("key", base_url=server.base_url) as client,
    ):
        extraction = await with_clock(client, clock).extractions.handle("e1").wait()

    assert extraction.output is not None
    assert extraction.output.fields[0].value == M
    assert M not in repr(extraction)
    assert M not in repr(extraction.output)
