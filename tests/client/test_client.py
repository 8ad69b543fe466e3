"""The client itself: how it is made, what it refuses, its views, and the call for what it does not know."""

import re
from typing import Any

import pytest

import plextera_async
from plextera_async import AsyncPlextera, ClientOptions, Limits, RetryPolicy, Timeouts, errors
from plextera_async.sandbox import Fault, Sandbox


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLEXTERA_API_KEY", "key")
    assert repr(AsyncPlextera()) == "<AsyncPlextera https://api.plextera.com/api/public/v1>"

    monkeypatch.setenv("PLEXTERA_BASE_URL", "https://other.example/v1/")
    assert repr(AsyncPlextera()) == "<AsyncPlextera https://other.example/v1>"
    assert repr(AsyncPlextera(base_url="https://given.example")) == "<AsyncPlextera https://given.example>"


@pytest.mark.parametrize("key", [None, "", "api-key x", "API-KEY x", "a b", "a\n", "ü", 5, b"key"])
def test_keys_that_cannot_work(key: Any) -> None:
    with pytest.raises(errors.ConfigurationError):
        AsyncPlextera(key)


@pytest.mark.parametrize(
    "address",
    [
        "http://api.example.com",
        "ftp://x",
        "x",
        "https://u:p@x",
        "https://x/?q=1",
        "https://x/#f",
        "https://x:0",
        5,
    ],
)
def test_addresses_that_cannot_work(address: Any) -> None:
    with pytest.raises(errors.ConfigurationError):
        AsyncPlextera("key", base_url=address)


def test_plain_http_is_for_loopback_or_by_leave() -> None:
    AsyncPlextera("key", base_url="http://localhost:8080")
    AsyncPlextera("key", base_url="http://x.example", options=ClientOptions(allow_plain_http=True))


def test_options_must_be_options() -> None:
    with pytest.raises(errors.ConfigurationError, match="dict"):
        AsyncPlextera("key", options={})  # type: ignore[arg-type]


async def test_a_view_changes_what_it_was_told(sandbox: Sandbox, client: AsyncPlextera) -> None:
    view = client.with_options(retry=RetryPolicy(max_attempts=1), limits=Limits(concurrency=1))
    sandbox.faults.add(Fault(status=500, times=None))

    with pytest.raises(errors.ServerError) as caught:
        await view.runs.list()
    assert caught.value.attempts == 1
    with pytest.raises(errors.ServerError) as caught:
        await client.runs.list()
    assert caught.value.attempts == 5
    assert repr(view) == repr(client)
    assert view._sender.gate is not client._sender.gate
    assert client.with_options(timeouts=Timeouts(read=1))._sender.gate is client._sender.gate


@pytest.mark.parametrize(
    "changes", [{"retries": 5}, {"allow_plain_http": True}, {"retry": 5}, {"retry_uploads": 1}]
)
def test_changes_that_cannot_work(changes: dict[str, Any]) -> None:
    with pytest.raises(errors.ConfigurationError):
        AsyncPlextera("key").with_options(**changes)


async def test_every_request_says_who_asks(sandbox: Sandbox, client: AsyncPlextera) -> None:
    await client.runs.list()
    await client.runs.start("daily", {})

    for request in sandbox.requests:
        assert re.fullmatch(r"plextera-async/\S+ python/\S+ aiohttp/\S+", request.headers["user-agent"])
        assert re.fullmatch(r"[0-9a-f]{32}", request.headers["x-request-id"])
        assert request.headers["accept"] == "application/json"
    assert len({request.request_id for request in sandbox.requests}) == 2
    assert set(sandbox.requests[0].headers) == {
        "host",
        "accept",
        "accept-encoding",
        "user-agent",
        "x-request-id",
    }


async def test_no_body_when_there_is_no_payload(sandbox: Sandbox, client: AsyncPlextera) -> None:
    await client.runs.start("daily")

    assert sandbox.requests[0].body_length == 0
    assert sandbox.requests[0].headers.get("content-length", "0") == "0"


async def test_request_reaches_what_has_no_method(sandbox: Sandbox, client: AsyncPlextera) -> None:
    run = await client.request("post", "/workflows/daily/runs", json={"a": None})
    listed = await client.request("GET", "/workflow-runs", query={"size": 1, "status": None, "x": [1, 2]})

    assert listed["data"][0]["id"] == run["id"]
    assert sandbox.requests[-1].query == "size=1&x=1&x=2"
    assert sandbox.world.runs[run["id"]].input == {"a": None}
    assert await client.request("DELETE", "/event-subscriptions/" + await _subscription(client)) is None


async def _subscription(client: AsyncPlextera) -> str:
    made = await client.event_subscriptions.create(
        endpoint_url="https://example.com/x", event_types=["workflow.run.completed"], signing_secret="s"
    )
    return made.id


@pytest.mark.parametrize(
    ("method", "path", "rest"),
    [
        ("HEAD", "/x", {}),
        ("", "/x", {}),
        (5, "/x", {}),
        ("GET", "x", {}),
        ("GET", "//evil.example/x", {}),
        ("GET", "/a/../../x", {}),
        ("GET", "/a/%2e%2E/x", {}),
        ("GET", "/x?y=1", {}),
        ("GET", "/x#y", {}),
        ("GET", "/a b", {}),
        ("GET", "/ü", {}),
        ("GET", "/x\r\nX: 1", {}),
        ("GET", "https://evil.example/", {}),
        ("GET", None, {}),
        ("GET", "/x", {"query": {"a": object()}}),
        ("GET", "/x", {"query": {5: "a"}}),
        ("POST", "/x", {"json": float("nan")}),
        ("POST", "/x", {"json": {1: 2}}),
        ("POST", "/x", {"json": b"bytes"}),
    ],
)
async def test_requests_that_cannot_be_sent(
    sandbox: Sandbox, client: AsyncPlextera, method: Any, path: Any, rest: dict[str, Any]
) -> None:
    with pytest.raises(errors.InvalidInputError):
        await client.request(method, path, **rest)
    assert not sandbox.requests


@pytest.mark.parametrize("id_", ["a/b", "../x", "..", ".", "ü?#", "%2F", "a b", "a\r\nb"])
async def test_an_id_is_one_segment(sandbox: Sandbox, client: AsyncPlextera, id_: str) -> None:
    with pytest.raises(errors.NotFoundError):
        await client.extractions.get(id_)
    assert sandbox.requests[0].path.count("/") == 3


@pytest.mark.parametrize("id_", ["", None, 5, "\ud800"])
async def test_an_id_that_is_none(sandbox: Sandbox, client: AsyncPlextera, id_: Any) -> None:
    for call in (
        client.files.get,
        client.runs.get,
        client.extractions.handle(id_).refresh,
        client.files.read,
    ):
        with pytest.raises(errors.InvalidInputError):
            await (call() if call.__name__ == "refresh" else call(id_))
    assert not sandbox.requests


def test_the_front_door_shows_what_it_has() -> None:
    for name in plextera_async.__all__:
        assert getattr(plextera_async, name) is not None
    assert set(plextera_async.__all__) <= set(dir(plextera_async))
    with pytest.raises(AttributeError, match="nothing"):
        plextera_async.nothing  # noqa: B018 - reading it is the test
