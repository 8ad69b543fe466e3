"""Proxies come from the environment, never for loopback."""

from collections.abc import AsyncIterator

import pytest

from plextera_async import AsyncPlextera, errors
from plextera_async.options import ClientOptions, RetryPolicy
from tests.support.raw_server import RawServer, Wire, answer

OPTIONS = ClientOptions(retry=RetryPolicy(max_attempts=1), allow_plain_http=True)
HOST = "http://api.plextera.invalid/v1"


class Proxy(RawServer):
    """Answers for every host itself, and notes what it was asked."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.lines: list[str] = []
        self.headers: list[dict[str, str]] = []

    async def _answer(self, wire: Wire) -> None:
        while True:
            line, headers, _ = await wire.request()
            self.lines.append(line)
            self.headers.append(headers)
            refused = line.startswith("CONNECT")
            status = "407 Proxy Authentication Required" if refused else "200 OK"
            await wire.send(answer(b'{"data": []}', status=status))


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    async with Proxy() as made:
        yield made


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy"])
@pytest.mark.parametrize("scheme", ["http://", ""])
async def test_the_proxy_is_asked(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, name: str, scheme: str
) -> None:
    monkeypatch.setenv(name, f"{scheme}127.0.0.1:{proxy.port}")
    async with AsyncPlextera("key", base_url=HOST, options=OPTIONS) as client:
        await client.runs.list(size=1)

    assert proxy.lines == ["GET http://api.plextera.invalid/v1/workflow-runs?page=0&size=1 HTTP/1.1"]


async def test_a_proxy_with_a_password(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://user:pass@127.0.0.1:{proxy.port}")
    async with AsyncPlextera("key", base_url=HOST, options=OPTIONS) as client:
        await client.runs.list()

    assert proxy.headers[0]["proxy-authorization"] == "Basic dXNlcjpwYXNz"
    assert proxy.headers[0]["authorization"] == "api-key key"


async def test_a_proxy_that_refuses_the_tunnel(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
    async with AsyncPlextera("key", base_url=HOST.replace("http:", "https:"), options=OPTIONS) as client:
        with pytest.raises(errors.ConnectError) as caught:
            await client.runs.start("daily")

    assert proxy.lines == ["CONNECT api.plextera.invalid:443 HTTP/1.1"]
    assert "authorization" not in proxy.headers[0]
    assert not caught.value.may_have_been_applied


async def test_a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with AsyncPlextera("key", base_url=HOST, options=OPTIONS) as client:
        with pytest.raises(errors.ConnectError):
            await client.runs.list()


@pytest.mark.parametrize("no_proxy", ["plextera.invalid", ".plextera.invalid", "api.plextera.invalid", "*"])
async def test_no_proxy_is_honoured(proxy: Proxy, monkeypatch: pytest.MonkeyPatch, no_proxy: str) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("no_proxy", no_proxy)
    async with AsyncPlextera("key", base_url=HOST, options=OPTIONS) as client:
        with pytest.raises(errors.ConnectError):
            await client.runs.list()

    assert proxy.lines == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_loopback_is_asked_itself(proxy: Proxy, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(answer(b'{"data": []}'))

    async with (
        RawServer(script) as server,
        AsyncPlextera("key", base_url=f"http://{host}:{server.port}", options=OPTIONS) as client,
    ):
        await client.runs.list()

    assert proxy.lines == []


@pytest.mark.parametrize(
    "address", ["socks5://127.0.0.1:1080", "http://", "http://[::1", "http://127.0.0.1:99999", "127.0.0.1:x"]
)
async def test_a_proxy_that_cannot_be_used_is_one_of_our_errors(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("http_proxy", address)
    with pytest.raises((errors.ConfigurationError, errors.ConnectError)):
        async with AsyncPlextera("key", base_url=HOST, options=OPTIONS) as client:
            await client.runs.list()


async def test_netrc_is_never_read(proxy: Proxy, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w") as file:  # noqa: ASYNC230, PTH123 - two words
        file.write("machine api.plextera.invalid login user password pass")
    monkeypatch.setenv("NETRC", netrc)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
    async with AsyncPlextera("key", base_url=HOST, options=OPTIONS) as client:
        await client.runs.list()

    assert proxy.headers[0]["authorization"] == "api-key key"
