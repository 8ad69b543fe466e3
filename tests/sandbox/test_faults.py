"""Faults on request."""

import asyncio
import time

import aiohttp
import pytest

from plextera_async.sandbox import Fault, Faults, Quota, SystemClock
from tests.sandbox.support import EXTRACTIONS, Api, FilePart, running, until

UPLOAD = f"{EXTRACTIONS}/upload"
FORM = {"file": FilePart(b"Name: Alice")}


@pytest.mark.parametrize(
    ("fault", "meets"),
    [
        (Fault(), True),
        (Fault(method="GET"), True),
        (Fault(method="POST"), False),
        (Fault(path="/files/*"), True),
        (Fault(path="/files"), False),
        (Fault(path="getFile"), True),
        (Fault(path="*File"), True),
        (Fault(path="uploadFile"), False),
        (Fault(times=0), False),
        (Fault(times=None), True),
    ],
)
def test_a_fault_is_for_the_requests_it_describes(fault: Fault, meets: bool) -> None:  # noqa: FBT001 (a column)
    assert fault.meets("GET", "/files/f1", "getFile") is meets


def test_faults_are_tried_in_order_and_count_down() -> None:
    faults = Faults()
    two = faults.add(Fault(method="GET", times=2))
    ever = faults.add(Fault(times=None))

    taken = [faults.take("GET", "/x", None) for _ in range(4)]

    assert taken == [two, two, ever, ever]
    assert (two.times, ever.times) == (0, None)
    faults.clear()
    assert faults.take("GET", "/x", None) is None


async def test_a_status_comes_with_the_envelope_that_belongs_to_it(api: Api) -> None:
    api.sandbox.faults.add(Fault(status=429, retry_after=7))
    api.sandbox.faults.add(Fault(status=409, code="BUSY", retryable=True))
    api.sandbox.faults.add(Fault(status=520))
    limited = await api.get("/workflow-runs")
    conflict = await api.get("/workflow-runs")
    odd = await api.get("/workflow-runs")
    well = await api.get("/workflow-runs")

    assert (limited.status, limited.code, limited.headers["Retry-After"]) == (429, "RATE_LIMITED", "7")
    assert limited.json["error"]["retryable"] is True
    assert (conflict.status, conflict.code, conflict.json["error"]["retryable"]) == (409, "BUSY", True)
    assert (odd.status, odd.code) == (520, "HTTP_520")
    assert well.status == 200


async def test_a_fault_comes_before_the_key_is_looked_at(api: Api) -> None:
    api.sandbox.faults.add(Fault(status=503))

    assert (await api.get("/workflow-runs", headers={"Authorization": "none"})).status == 503


async def test_a_raw_body_takes_the_place_of_the_envelope(api: Api) -> None:
    api.sandbox.faults.add(Fault(status=502, body=b"<html>", content_type="text/html"))
    api.sandbox.faults.add(Fault(body=b"{", retry_after="soon"))
    page = await api.get("/workflow-runs")
    broken = await api.get("/workflow-runs")

    assert (page.status, page.body, page.headers["Content-Type"]) == (502, b"<html>", "text/html")
    assert (broken.status, broken.body, broken.headers["Retry-After"]) == (500, b"{", "soon")


async def test_a_faulty_create_is_read_and_hashed_but_not_carried_out(api: Api) -> None:
    api.sandbox.faults.add(Fault(status=500))
    failed = await api.post(UPLOAD, form=FORM)
    done = await api.post(UPLOAD, form=FORM)

    first, second = api.sandbox.requests
    assert (failed.status, done.status) == (500, 202)
    assert first.file_sha256 == second.file_sha256 is not None
    assert len(api.sandbox.world.extractions) == 1


@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/form-data", "multipart/form-data; boundary=b"]
)
async def test_a_faulty_request_may_be_broken_itself(api: Api, kind: str) -> None:
    api.sandbox.faults.add(Fault(status=500))

    reply = await api.post(UPLOAD, data=b"--b\r\nnonsense", headers={"Content-Type": kind})

    assert reply.status == 500
    assert api.sandbox.requests[0].body_length == 13


@pytest.mark.parametrize("drop", ["before_body", "after_body", "mid_response"])
@pytest.mark.parametrize("apply", [False, True])
async def test_a_dropped_create_may_have_been_carried_out(api: Api, drop: str, apply: bool) -> None:  # noqa: FBT001 (a column)
    api.sandbox.faults.add(Fault(method="POST", drop=drop, apply=apply))

    with pytest.raises(aiohttp.ClientError):
        await api.post(UPLOAD, form=FORM)

    applied = apply and drop != "before_body"
    assert len(api.sandbox.world.extractions) == int(applied)
    assert api.sandbox.requests[0].status is None
    assert (api.sandbox.requests[0].file_sha256 is not None) == (drop != "before_body")
    assert (await api.get("/workflow-runs")).status == 200


async def test_an_applied_create_may_answer_with_an_error(api: Api) -> None:
    api.sandbox.faults.add(Fault(status=504, apply=True))

    assert (await api.post(UPLOAD, form=FORM)).status == 504
    assert len(api.sandbox.world.extractions) == 1


async def test_half_of_a_download_arrives(api: Api) -> None:
    file = await api.upload(b"x" * 3_000_000)
    api.sandbox.faults.add(Fault(path="downloadFile", drop="mid_response"))

    with pytest.raises(aiohttp.ClientPayloadError):
        await api.get(f"/files/{file['id']}/download")
    assert len((await api.get(f"/files/{file['id']}/download")).body) == 3_000_000


@pytest.mark.parametrize("apply", [False, True])
async def test_a_delay_is_sandbox_time_and_changes_nothing_else(api: Api, apply: bool) -> None:  # noqa: FBT001 (a column)
    api.sandbox.faults.add(Fault(delay=30, apply=apply))
    call = asyncio.ensure_future(api.post(UPLOAD, form=FORM))
    await until(lambda: api.sandbox.requests and len(api.sandbox.world.extractions) == int(apply))
    await asyncio.sleep(0.01)
    done_before = call.done(), len(api.sandbox.world.extractions)
    api.advance(30)
    reply = await call

    assert done_before == (False, int(apply))
    assert reply.status == 202
    assert len(api.sandbox.world.extractions) == 1


async def test_on_the_real_clock_a_delay_is_real() -> None:
    async with running(clock=SystemClock()) as api:
        api.sandbox.faults.add(Fault(delay=0.03))
        start = time.monotonic()
        await api.get("/workflow-runs")

    assert time.monotonic() - start >= 0.03


async def test_a_quota_refuses_what_is_over_it(api: Api) -> None:
    quota = api.sandbox.faults.add(Quota(per_second=2, burst=3, retry_after=7))
    statuses = [(await api.get("/workflow-runs")).status for _ in range(4)]
    refused = await api.post(UPLOAD, form=FORM)
    api.advance(1)
    later = [(await api.get("/workflow-runs")).status for _ in range(3)]
    quota.per_second = 10
    api.advance(10)
    at_once = [(await api.get("/workflow-runs")).status for _ in range(4)]

    assert statuses == [200, 200, 200, 429]
    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (429, "RATE_LIMITED", "7")
    assert len(api.sandbox.world.extractions) == 0
    assert later == [200, 200, 429]
    assert at_once == [200, 200, 200, 429]


def test_quotas_count_only_what_they_are_for_and_let_faults_happen() -> None:
    faults = Faults()
    faults.add(Quota(per_second=1, method="GET", retry_after=None))
    faults.add(Quota(per_second=0.25, path="createExtraction"))
    fault = faults.add(Fault(status=500, times=None))

    def status(method: str, operation: str, *, now: float) -> int | None:
        taken = faults.take(method, "/x", operation, now=now)
        assert taken is not None
        assert taken.retry_after == (1 if method == "POST" and taken is not fault else None)
        return taken.status

    assert [status("GET", "getFile", now=5) for _ in range(2)] == [500, 429]
    assert [status("POST", "createExtraction", now=5) for _ in range(2)] == [500, 429]
    assert [status("POST", "createExtraction", now=now) for now in (8, 9)] == [429, 500]
    assert status("POST", "uploadFile", now=9) == 500
