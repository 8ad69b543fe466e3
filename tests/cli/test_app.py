import importlib.util
import subprocess
import sys
from importlib.machinery import ModuleSpec
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import click
import pytest

import plextera_async.cli
from plextera_async.cli import _app, main
from tests.cli.conftest import Plextera

COMMANDS = ["ingest", "ledger", "extract", "run", "wait", "subscriptions", "webhook", "sandbox"]


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, *arguments], cwd=root, capture_output=True, text=True, check=False, timeout=50
    )


def test_help_names_every_command_and_loads_neither_the_client_nor_rich() -> None:
    code = (
        "import sys; sys.argv = ['plextera', '--help']\n"
        "from plextera_async.cli import main\n"
        "assert main() == 0\n"
        "print([name for name in ('aiohttp', 'anyio', 'rich', 'plextera_async.models') if name in sys.modules])"
    )
    result = python("-c", code)

    assert result.stdout.endswith("[]\n")
    assert all(f"\n  {name} " in result.stdout for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(plextera: Plextera, command: str) -> None:
    result = plextera(command, "--help")

    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: plextera {command} [OPTIONS]")


def test_the_module_is_the_command() -> None:
    result = python("-m", "plextera_async", "extract")

    assert result.returncode == 2
    assert "Missing argument 'FILE'" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unknown_command_is_wrong_usage(plextera: Plextera) -> None:
    result = plextera("ledgers")

    assert result.exit_code == 2
    assert "No such command 'ledgers'" in result.stderr


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_the_extra_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    def find(name: str) -> ModuleSpec | None:
        return None if name == missing else importlib.util.find_spec(name)

    monkeypatch.setattr(plextera_async.cli, "find_spec", find)

    assert main() == 2
    assert capsys.readouterr() == (
        "",
        'plextera: the command is an extra that is not installed: pip install "plextera_async[cli]"\n',
    )


@pytest.mark.parametrize("installed", [True, False])
def test_the_version_is_that_of_the_installed_package(
    plextera: Plextera, monkeypatch: pytest.MonkeyPatch, *, installed: bool
) -> None:
    def version(name: str) -> str:
        if installed and name == "plextera-async":
            return "1.2.3"
        raise PackageNotFoundError(name)

    monkeypatch.setattr(_app, "version", version)
    expected = "1.2.3" if installed else "of a source tree"

    assert plextera("--version").stdout == f"plextera, version {expected}\n"


def test_main_gives_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["plextera", "--version"])
    assert main() == 0
    monkeypatch.setattr(sys, "argv", ["plextera", "--bad"])
    assert main() == 2
    assert "No such option" in capsys.readouterr().err


def test_an_interruption_before_a_command_runs_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(_app, "run", interrupted)
    assert main() == 130


def test_a_terminal_that_lacks_a_character_gets_an_escape() -> None:
    code = (
        "import sys; from plextera_async.cli import main; sys.argv = ['plextera', '--bad']; main()\n"
        "print('\\u65e5'); print(sys.stdout.encoding)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii"},
        check=True,
        timeout=50,
    )

    assert result.stdout == b"\\u65e5\nascii\n"


def test_the_group_can_be_listed_for_shell_completion() -> None:
    context = click.Context(_app.app)

    assert _app.app.list_commands(context) == COMMANDS
