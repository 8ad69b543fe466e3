"""What holds for every request: key, ids, paths, methods, media types, the envelope."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator

import pytest

from plextera_async.sandbox import Received
from tests.sandbox.support import EXTRACTIONS, Api, FilePart, running, until


@pytest.mark.parametrize(
    "header",
    [
        None,
        "{key}",
        "Bearer {key}",
        "API-KEY {key}",
        "api-key  {key}",
        "api-key {key} ",
        "api-key {key}x",
        "api-key",
        "api-key \u00e9",
    ],
)
async def test_only_the_scheme_word_one_space_and_the_key_are_let_in(header: str | None) -> None:
    # aiohttp strips white space at the ends of header values, so the key itself ends in a letter.
    async with running(api_key="k3y") as api:
        headers = {} if header is None else {"Authorization": header.format(key="k3y")}
        async with api.session.get(api.sandbox.base_url + "/workflow-runs", headers=headers) as response:
            body = await response.json()

    stripped = header is not None and header == "api-key {key} "
    assert response.status == (200 if stripped else 401)
    if not stripped:
        assert body["error"]["code"] == "UNAUTHORIZED"


async def test_a_request_without_a_key_learns_nothing_of_paths(api: Api) -> None:
    async with api.session.get(api.sandbox.base_url + "/nowhere") as response:
        assert response.status == 401


@pytest.mark.parametrize(
    "path", ["/nowhere", "/files/", "/files/a/b", "/Files", "//files", "/workflows//runs"]
)
async def test_unknown_paths_are_not_found(api: Api, path: str) -> None:
    reply = await api.get(path)

    assert (reply.status, reply.code) == (404, "NOT_FOUND")


async def test_paths_outside_the_base_url_are_not_found(api: Api) -> None:
    outside = api.sandbox.base_url.replace("/api/public/v1", "/api/public/v2")
    headers = {"Authorization": f"api-key {api.sandbox.api_key}"}
    async with api.session.get(outside + "/workflow-runs", headers=headers) as response:
        assert response.status == 404


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/files", "POST"),
        ("DELETE", "/files/x", "GET"),
        ("HEAD", EXTRACTIONS, "POST, GET"),
        ("PUT", "/event-subscriptions/x", "GET, PATCH, DELETE"),
        ("GET", EXTRACTIONS + "/upload", "POST"),
        ("OPTIONS", "/workflows/w/runs", "POST"),
    ],
)
async def test_other_methods_are_refused_with_those_allowed(
    api: Api, method: str, path: str, allow: str
) -> None:
    reply = await api.call(method, path)

    assert reply.status == 405
    assert set(reply.headers["Allow"].split(", ")) == set(allow.split(", "))


@pytest.mark.parametrize(
    ("accept", "status"),
    [("application/json", 200), ("*/*", 200), ("text/html, application/*;q=0.1", 200), ("text/html", 406)],
)
async def test_answers_are_json_or_nothing(api: Api, accept: str, status: int) -> None:
    reply = await api.get("/workflow-runs", headers={"Accept": accept})

    assert reply.status == status


async def test_a_download_and_a_deletion_do_not_care_for_accept(api: Api) -> None:
    file = await api.upload(b"text")

    reply = await api.get(f"/files/{file['id']}/download", headers={"Accept": "image/png"})

    assert (reply.status, reply.body) == (200, b"text")


async def test_the_callers_request_id_comes_back_in_header_and_error(api: Api) -> None:
    headers = {"X-Request-Id": "mine-1"}
    good = await api.get("/workflow-runs", headers=headers)
    bad = await api.get("/files/none", headers=headers)

    assert good.headers["X-Request-Id"] == "mine-1"
    assert bad.headers["X-Request-Id"] == "mine-1"
    assert bad.json["error"]["requestId"] == "mine-1"


async def test_without_one_the_sandbox_makes_a_request_id(api: Api) -> None:
    reply = await api.get("/files/none")

    made = reply.headers["X-Request-Id"]
    assert re.fullmatch(r"req_[0-9A-F]{26}", made)
    assert reply.json == {
        "error": {
            "code": "NOT_FOUND",
            "message": "There is no such file in this workspace.",
            "requestId": made,
            "retryable": False,
        }
    }


@pytest.mark.parametrize("request_id", ["", "a b", "x" * 65, "caf\u00e9"])
async def test_an_unusable_request_id_is_refused_and_replaced(api: Api, request_id: str) -> None:
    reply = await api.get("/workflow-runs", headers={"X-Request-Id": request_id})

    assert reply.status == 400
    assert reply.headers["X-Request-Id"].startswith("req_")


async def test_the_date_header_is_sandbox_time(api: Api) -> None:
    api.advance(61)
    reply = await api.get("/workflow-runs")

    assert reply.headers["Date"] == "Thu, 01 Jan 2026 00:01:01 GMT"


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"document": NaN}', "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"[]", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"{}", "application/json; charset=utf-8", 422),
    ],
)
async def test_bodies_that_cannot_be_read_are_refused(
    api: Api, content: bytes, kind: str, status: int
) -> None:
    reply = await api.post(EXTRACTIONS, data=content, headers={"Content-Type": kind})

    assert reply.status == status


async def test_a_json_body_has_a_limit(api: Api) -> None:
    async def long() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * 1024 * 1024

    reply = await api.post(EXTRACTIONS, data=long(), headers={"Content-Type": "application/json"})

    assert reply.status == 413


async def test_a_bug_in_the_sandbox_answers_500_and_is_logged(
    api: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.sandbox.world, "files", None)

    with caplog.at_level(logging.ERROR, "plextera_async.sandbox"):
        reply = await api.get("/files/x")

    assert (reply.status, reply.code, reply.json["error"]["retryable"]) == (500, "INTERNAL_ERROR", True)
    assert "getFile" in caplog.text


async def test_what_arrived_is_on_record_without_the_key(api: Api) -> None:
    await api.get("/workflow-runs?size=5", headers={"X-Mine": "1"})
    await api.post("/files", form={"file": FilePart(b"abc", "a.txt", "text/x-mine")})

    listing, upload = api.sandbox.requests
    assert isinstance(listing, Received)
    assert (listing.method, listing.path, listing.query, listing.status) == (
        "GET",
        "/workflow-runs",
        "size=5",
        200,
    )
    assert listing.headers["x-mine"] == "1"
    assert "authorization" not in listing.headers
    assert api.sandbox.api_key not in repr(list(api.sandbox.requests))
    assert upload.file_sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert (upload.file_name, upload.file_content_type, upload.status) == ("a.txt", "text/x-mine", 201)
    assert upload.body_length > 3
    assert upload.body_sha256 is not None


async def test_a_client_that_breaks_off_leaves_the_sandbox_well(api: Api) -> None:
    port = int(api.sandbox.base_url.split(":")[2].split("/")[0])
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        f"POST /api/public/v1/files HTTP/1.1\r\nHost: x\r\nAuthorization: api-key {api.sandbox.api_key}\r\n"
    )
    head += "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n--b\r\n"
    writer.write(head.encode())
    await writer.drain()
    await until(lambda: api.sandbox.requests)
    writer.close()
    await writer.wait_closed()

    reply = await api.get("/workflow-runs")

    assert reply.status == 200
    assert [received.status for received in api.sandbox.requests] == [None, 200]


async def test_a_body_announced_with_expect_is_asked_for(api: Api) -> None:
    port = int(api.sandbox.base_url.split(":")[2].split("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /api/public/v1/workflows/w/runs HTTP/1.1\r\nHost: x\r\nAuthorization: api-key {api.sandbox.api_key}\r\n"
    head += "Content-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    writer.write(head.encode())
    first = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
    writer.write(b"{}")
    rest = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    await writer.wait_closed()

    assert first.startswith(b"HTTP/1.1 100")
    assert rest.startswith(b"HTTP/1.1 202")
