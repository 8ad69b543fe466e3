import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from plextera_async.cli.commands import sandbox as sandbox_command
from plextera_async.sandbox import Sandbox
from tests.cli.conftest import Plextera


@pytest.fixture(autouse=True)
def _ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let SIGTERM come as soon as it serves; the real signals are sent in test_interrupts.py."""

    @contextlib.contextmanager
    def terminated(*_: object) -> Iterator[AsyncIterator[int]]:
        async def signals() -> AsyncIterator[int]:
            yield 15

        yield signals()

    monkeypatch.setattr(anyio, "open_signal_receiver", terminated)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Sandbox]:
    """Collect the sandboxes that are made."""
    collected: list[Sandbox] = []

    def make(**options: Any) -> Sandbox:
        collected.append(Sandbox(**options))
        return collected[-1]

    monkeypatch.setattr(sandbox_command, "Sandbox", make)
    return collected


def test_it_prints_what_points_other_programs_to_it(plextera: Plextera, made: list[Sandbox]) -> None:
    result = plextera("sandbox", "--queued", "1.5", "--processing", "3")
    (sandbox,) = made

    assert result.exit_code == 0
    assert result.stdout == (
        f"export PLEXTERA_BASE_URL={sandbox.base_url}\nexport PLEXTERA_API_KEY={sandbox.api_key}\n"
    )
    assert "it is no OCR and no model" in result.stderr
    assert (sandbox.timing.queued, sandbox.timing.processing) == (1.5, 3)


def test_events_are_delivered_where_it_is_told(plextera: Plextera, made: list[Sandbox]) -> None:
    endpoints = {
        "https://a.example/?x=http": "http://127.0.0.1:80/a",
        "https://b.example": "http://localhost/b",
    }
    pairs = [f"{url}={target}" for url, target in endpoints.items()]
    result = plextera("sandbox", "--endpoint", pairs[0], "--endpoint", pairs[1])

    assert result.exit_code == 0
    assert {url: made[0]._endpoints.target_of(url) for url in endpoints} == endpoints


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ("https://a.example", "write it as https://URL=http://TARGET"),
        ("https://a.example=https://127.0.0.1/", "write it as https://URL=http://TARGET"),
        ("http://a.example=http://127.0.0.1/", "subscriptions have https URLs"),
        ("https://a.example=http://b.example/", "is no http URL on loopback"),
    ],
)
def test_endpoints_that_cannot_work_are_wrong_usage(plextera: Plextera, pair: str, said: str) -> None:
    result = plextera("sandbox", "--endpoint", pair)

    assert (result.exit_code, result.stdout) == (2, "")
    assert said in " ".join(result.stderr.split())


def test_a_key_of_the_users_own_is_not_shown(plextera: Plextera, made: list[Sandbox], tmp_path: Path) -> None:
    key = tmp_path / "my key"
    key.write_text("secret-1\n")
    by_file = plextera("sandbox", "--api-key-file", key)
    by_stdin = plextera("sandbox", "--api-key-file", "-", stdin="secret-2\n")

    assert [sandbox.api_key for sandbox in made] == ["secret-1", "secret-2"]
    assert f"""export PLEXTERA_API_KEY="$(cat '{key}')"\n""" in by_file.stdout
    assert "PLEXTERA_API_KEY" not in by_stdin.stdout
    assert "secret" not in by_file.output + by_stdin.output


def test_a_port_that_is_taken_is_one_line(plextera: Plextera) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = plextera("sandbox", "--port", port)

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Error: the sandbox cannot listen on port {port}: ")
    assert len(result.stderr.splitlines()) == 1
