"""The command in this process, against a sandbox whose loop runs in a thread of its own, over a real socket."""

from collections.abc import Callable, Iterator
from functools import partial

import anyio
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from click.testing import CliRunner, Result

import plextera_async.sandbox
from plextera_async._aio.clock import Clock
from plextera_async.cli._app import app
from plextera_async.sandbox import Sandbox, Timing

Plextera = Callable[..., Result]

_AT_ONCE = Timing(queued=0, processing=0)
_SHORTEST = 0.002


@pytest.fixture(autouse=True)
def _in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten every pause of the client, and the jobs of a sandbox that the command starts."""

    async def sleep(_: Clock, seconds: float) -> None:
        await anyio.sleep(min(seconds, _SHORTEST))

    monkeypatch.setattr(Clock, "sleep", sleep)
    monkeypatch.setattr(plextera_async.sandbox, "Sandbox", partial(Sandbox, timing=_AT_ONCE))


@pytest.fixture
def portal() -> Iterator[BlockingPortal]:
    """Give the way into the loop that `served` lives in."""
    with start_blocking_portal() as opened:
        yield opened


@pytest.fixture
def served(portal: BlockingPortal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Give a sandbox that the environment points to."""
    with portal.wrap_async_context_manager(Sandbox(timing=_AT_ONCE)) as sandbox:
        monkeypatch.setenv("PLEXTERA_BASE_URL", sandbox.base_url)
        monkeypatch.setenv("PLEXTERA_API_KEY", sandbox.api_key)
        yield sandbox


@pytest.fixture
def plextera(monkeypatch: pytest.MonkeyPatch) -> Plextera:
    """Give the command: called with its arguments, it gives exit code and output."""
    monkeypatch.setenv("COLUMNS", "100")

    def call(*arguments: object, stdin: str | None = None) -> Result:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture
def fixed_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every terminal one size and no colours."""
    for name, value in {"COLUMNS": "120", "LINES": "20", "TERM": "xterm", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
