"""Redirects of readings are followed, and the key stays with its origin."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from plextera_async import AsyncPlextera, errors
from plextera_async.options import ClientOptions, RetryPolicy
from tests.support.raw_server import RawServer, Wire, answer

ONCE = ClientOptions(retry=RetryPolicy(max_attempts=1))


class Places:
    """Two servers: paths of the first lead where a test says, all else is answered with the path."""

    def __init__(self) -> None:
        self.targets: dict[str, str] = {}
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.first = RawServer(self._script("first"))
        self.other = RawServer(self._script("other"))

    def _script(self, name: str) -> Any:
        async def script(wire: Wire) -> None:
            while True:
                line, headers, _ = await wire.request()
                path = line.split()[1]
                self.seen.append((name, path, headers))
                target = self.targets.get(path) if name == "first" else None
                if target is None:
                    await wire.send(answer(path.encode()))
                else:
                    await wire.send(answer(status="302 Found", headers=f"Location: {target}\r\n"))

        return script


@pytest.fixture
async def places() -> AsyncIterator[Places]:
    made = Places()
    async with made.first, made.other:
        yield made


@pytest.fixture
async def reader(places: Places) -> AsyncIterator[AsyncPlextera]:
    async with AsyncPlextera("key", base_url=places.first.base_url, options=ONCE) as client:
        yield client


DOWNLOAD = "/api/files/f1/download"


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/storage/x?sig=a%2Fb", "/storage/x?sig=a%2Fb"),
        ("x?y=1", "/api/files/f1/x?y=1"),
        ("../f2", "/api/files/f2"),
        ("?again=1", "/api/files/f1/download?again=1"),
    ],
)
async def test_a_relative_location(places: Places, reader: AsyncPlextera, target: str, path: str) -> None:
    places.targets[DOWNLOAD] = target

    assert await reader.files.read("f1") == path.encode()
    assert [headers["authorization"] for _, _, headers in places.seen] == ["api-key key"] * 2


async def test_the_key_does_not_go_to_another_port(places: Places, reader: AsyncPlextera) -> None:
    places.targets[DOWNLOAD] = f"http://127.0.0.1:{places.other.port}/x"

    assert await reader.files.read("f1") == b"/x"
    name, _, headers = places.seen[-1]
    assert name == "other"
    assert "authorization" not in headers
    assert not any("key" in value.split() for value in headers.values())


async def test_the_key_does_not_go_to_another_name_of_the_same_host(
    places: Places, reader: AsyncPlextera
) -> None:
    places.targets[DOWNLOAD] = f"http://localhost:{places.first.port}/x"

    assert await reader.files.read("f1") == b"/x"
    assert "authorization" not in places.seen[-1][2]


async def test_the_key_does_not_come_back_once_it_was_dropped(places: Places, reader: AsyncPlextera) -> None:
    places.targets[DOWNLOAD] = f"http://localhost:{places.first.port}/there"
    places.targets["/there"] = f"http://127.0.0.1:{places.first.port}/back"

    assert await reader.files.read("f1") == b"/back"
    assert ["authorization" in headers for _, _, headers in places.seen] == [True, False, False]


async def test_five_are_followed_and_the_sixth_is_not(places: Places, reader: AsyncPlextera) -> None:
    places.targets |= {DOWNLOAD: "/1"} | {f"/{n}": f"/{n + 1}" for n in range(1, 5)}
    assert await reader.files.read("f1") == b"/5"

    places.targets["/5"] = "/6"
    with pytest.raises(errors.RedirectError) as caught:
        await reader.files.read("f1")
    assert caught.value.status == 302


async def test_a_circle_ends(places: Places, reader: AsyncPlextera) -> None:
    places.targets[DOWNLOAD] = DOWNLOAD

    with pytest.raises(errors.RedirectError):
        await reader.files.read("f1")
    assert len(places.seen) == 6


@pytest.mark.parametrize(
    "target",
    [
        "",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "http://[::1",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:0/",
        "http://plain.example/x",
        "javascript:alert(1)",
    ],
)
async def test_a_location_that_leads_nowhere(places: Places, reader: AsyncPlextera, target: str) -> None:
    places.targets[DOWNLOAD] = target

    with pytest.raises(errors.RedirectError):
        await reader.files.read("f1")
    assert len(places.seen) == 1


@pytest.mark.parametrize("location", ["http://user:pw@127.0.0.1:{port}/x", "/a b", "/ü", "/x#fragment"])
async def test_an_odd_location_is_followed_or_refused_by_our_error(
    places: Places, reader: AsyncPlextera, location: str
) -> None:
    places.targets[DOWNLOAD] = location.format(port=places.first.port)

    try:
        assert (await reader.files.read("f1")).startswith(b"/")
    except errors.RedirectError:
        assert len(places.seen) == 1


async def test_downloads_and_streams_follow_too(places: Places, reader: AsyncPlextera, tmp_path: Any) -> None:
    places.targets[DOWNLOAD] = f"http://127.0.0.1:{places.other.port}/x"

    path = await reader.files.download("f1", tmp_path / "a")
    async with reader.files.stream("f1") as chunks:
        content = b"".join([chunk async for chunk in chunks])

    assert path.read_bytes() == content == b"/x"


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "PUT", "POST"])
async def test_what_changes_something_is_not_followed(
    places: Places, reader: AsyncPlextera, method: str
) -> None:
    places.targets["/api/x"] = "/api/y"

    with pytest.raises(errors.RedirectError) as caught:
        await reader.request(method, "/x", json={})

    assert len(places.seen) == 1
    assert not caught.value.may_have_been_applied


async def test_an_upload_is_not_followed(places: Places, reader: AsyncPlextera) -> None:
    places.targets["/api/files"] = "/api/y"

    with pytest.raises(errors.RedirectError):
        await reader.files.upload(b"content")
    assert len(places.seen) == 1
