"""What an answer means, whatever it looks like: the mapping of statuses and bodies, with nothing on the wire."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from plextera_async import AsyncPlextera, Pages, errors
from plextera_async.options import ClientOptions, RetryPolicy
from tests.support.mocked import mocked_responses

BASE = "https://api.example.com/v1"
ONCE = ClientOptions(retry=RetryPolicy(max_attempts=1))


@pytest.fixture
async def client() -> AsyncIterator[AsyncPlextera]:
    async with AsyncPlextera("key", base_url=BASE, options=ONCE) as made:
        yield made


STATUSES = [
    (400, errors.InvalidRequestError),
    (401, errors.AuthenticationError),
    (402, errors.APIError),
    (403, errors.PermissionDeniedError),
    (404, errors.NotFoundError),
    (405, errors.APIError),
    (406, errors.APIError),
    (409, errors.ConflictError),
    (413, errors.PayloadTooLargeError),
    (415, errors.UnsupportedMediaTypeError),
    (418, errors.APIError),
    (422, errors.ValidationFailedError),
    (429, errors.RateLimitedError),
    (500, errors.ServerError),
    (502, errors.ServerError),
    (503, errors.ServerError),
    (520, errors.ServerError),
    (304, errors.APIError),
]


@pytest.mark.parametrize(("status", "kind"), STATUSES)
@pytest.mark.parametrize("body", [b"", b"<html>x</html>", b"null", b"[1]", b'{"error": "x"}', b"\xff\xfe"])
async def test_a_status_decides_when_there_is_no_envelope(
    client: AsyncPlextera, status: int, kind: type[errors.APIError], body: bytes
) -> None:
    with mocked_responses() as mocked:
        mocked.get(f"{BASE}/files/f1", status=status, body=body, headers={"X-Request-Id": "told"})
        with pytest.raises(kind) as caught:
            await client.files.get("f1")

    error = caught.value
    assert type(error) is kind
    assert (error.status, error.code, error.request_id, error.operation) == (status, None, "told", "getFile")
    assert str(error).startswith(f"getFile: HTTP {status} (request told)")


async def test_an_envelope_is_read_whole(client: AsyncPlextera) -> None:
    envelope = {
        "code": "VALIDATION_FAILED",
        "message": "text",
        "requestId": "r2",
        "retryable": True,
        "details": [{"field": "a", "issue": "b"}],
    }
    with mocked_responses() as mocked:
        mocked.get(f"{BASE}/files/f1", status=400, payload={"error": envelope}, headers={"Retry-After": "7"})
        with pytest.raises(errors.ValidationFailedError) as caught:
            await client.files.get("f1")

    error = caught.value
    assert (error.code, error.message, error.request_id) == ("VALIDATION_FAILED", "text", "r2")
    assert (error.retryable, error.details, error.retry_after) == (True, (("a", "b"),), 7)


ANSWERS: list[tuple[int, bytes]] = [
    (200, b"{}"),
    (201, b"{}"),
    (202, b"[]"),
    (204, b""),
    (207, b"null"),
    (299, b"5"),
]


@pytest.mark.parametrize(("status", "body"), ANSWERS)
async def test_every_2xx_is_a_success(client: AsyncPlextera, status: int, body: bytes) -> None:
    with mocked_responses() as mocked:
        mocked.delete(f"{BASE}/event-subscriptions/s1", status=status, body=body)
        mocked.post(f"{BASE}/files", status=status, body=b'{"id": "f1", "new": 1}')
        await client.event_subscriptions.delete("s1")
        file = await client.files.upload(b"x")

    assert (file.id, file.name, file.extra) == ("f1", None, {"new": 1})


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", ("$", "JSON", "nothing")),
        (b"<html>", ("$", "JSON", "something else")),
        (b"[]", ("$", "object", "array")),
        (b'{"status": "QUEUED"}', ("$", "a required property", "nothing")),
        (b'{"id": 5, "status": "QUEUED"}', ("$.id", "string", "integer")),
        (b'{"id": "1", "status": "QUEUED", "createdAt": "x"}', ("$.createdAt", "date-time", "string")),
    ],
)
async def test_an_answer_that_does_not_fit_is_located(
    client: AsyncPlextera, body: bytes, problem: tuple[str, str, str]
) -> None:
    with mocked_responses() as mocked:
        mocked.get(f"{BASE}/document-insights/extractions/e1", body=body, headers={"X-Request-Id": "told"})
        with pytest.raises(errors.DecodeError) as caught:
            await client.extractions.get("e1")

    error = caught.value
    assert error.problems[0][0].startswith(problem[0])
    assert error.problems[0][1:] == problem[1:]
    assert (error.operation, error.status, error.request_id) == ("getExtraction", 200, "told")


async def test_what_is_new_is_kept(client: AsyncPlextera) -> None:
    body: dict[str, Any] = {
        "id": "e1",
        "status": "DREAMING",
        "outputAvailable": None,
        "tags": None,
        "mood": {"a": [1]},
        "output": {"fields": [{"id": "x", "value": {"deep": [None]}, "colour": "red"}], "pages": 3},
    }
    with mocked_responses() as mocked:
        mocked.get(f"{BASE}/document-insights/extractions/e1", payload=body)
        extraction = await client.extractions.get("e1")

    assert extraction.status == "DREAMING"
    assert extraction.extra == {"mood": {"a": [1]}}
    assert extraction.output is not None
    assert extraction.output.extra == {"pages": 3}
    assert extraction.output.fields[0].extra == {"colour": "red"}


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (aiohttp.ServerDisconnectedError(), errors.ConnectionLostError),
        (aiohttp.ClientOSError(104, "reset"), errors.ConnectionLostError),
        (aiohttp.ClientPayloadError("half"), errors.ConnectionLostError),
        (ConnectionResetError(104, "reset"), errors.ConnectionLostError),
        (aiohttp.SocketTimeoutError(), errors.RequestTimeoutError),
        (TimeoutError(), errors.RequestTimeoutError),
        (aiohttp.ConnectionTimeoutError(), errors.ConnectError),
        (aiohttp.InvalidURL("x"), errors.ConnectError),
        (aiohttp.ClientError("other"), errors.TransportError),
        (ValueError("auth twice"), errors.ConfigurationError),
    ],
)
async def test_errors_of_aiohttp_become_ours(
    client: AsyncPlextera, raised: Exception, kind: type[Exception]
) -> None:
    with mocked_responses() as mocked:
        mocked.get(f"{BASE}/files/f1", exception=raised)
        with pytest.raises(errors.PlexteraError) as caught:
            await client.files.get("f1")

    assert type(caught.value) is kind
    assert caught.value.__context__ is None
    assert not caught.value.may_have_been_applied


async def test_a_list_that_does_not_count_itself(client: AsyncPlextera) -> None:
    pages = iter([["a", "b"], ["c"], []])
    with mocked_responses() as mocked:
        for number, ids in enumerate(pages):
            data = [{"id": id_, "status": "PROCESSING"} for id_ in ids]
            mocked.get(f"{BASE}/workflow-runs?page={number}&size=2", payload={"data": data}, repeat=True)
        listed = client.runs.list(size=2)

        assert [run.id async for run in listed] == ["a", "b", "c"]
    assert isinstance(listed, Pages)
