"""`plextera subscriptions`."""

import json
from pathlib import Path

import pytest

from plextera_async.sandbox import Sandbox
from tests.cli.conftest import Plextera

SECRET = "whsec_of_the_tests"
ENDPOINT = "https://example.com/hook"
TYPE = "workflow.run.failed"
COMMANDS = ["list", "create", "pause", "resume", "rotate", "delete"]


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("secret").write_text(f"{SECRET}\n")


@pytest.fixture
def made(plextera: Plextera, served: Sandbox) -> str:
    """Give the id of a subscription."""
    result = plextera(*["subscriptions", "create", "--secret-file", "secret"], *create_options())
    assert result.exit_code == 0
    return str(result.stdout.split()[0])


def create_options() -> list[str]:
    return ["--endpoint-url", ENDPOINT, "--event-type", TYPE]


def secret_of(served: Sandbox, subscription_id: str) -> str:
    return served.world.subscriptions[subscription_id].signing_secret


@pytest.mark.parametrize("name", COMMANDS)
def test_each_explains_itself(plextera: Plextera, name: str) -> None:
    result = plextera("subscriptions", name, "--help")

    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: plextera subscriptions {name} [OPTIONS]")


def test_a_subscription_is_made_and_listed(plextera: Plextera, served: Sandbox, made: str) -> None:
    more = ["--event-type", "workflow.run.completed", "--workflow-id", "claims", "--secret-file", "secret"]
    second = plextera("subscriptions", "create", *create_options(), *more)
    listed = plextera("subscriptions", "list")

    assert listed.exit_code == second.exit_code == 0
    assert secret_of(served, made) == SECRET
    newest, oldest = listed.stdout.splitlines()
    assert newest == second.stdout.rstrip("\n")
    assert newest.split()[1:] == ["active", ENDPOINT, f"{TYPE},workflow.run.completed", "workflowId=claims"]
    assert oldest.split() == [made, "active", ENDPOINT, TYPE]
    assert SECRET not in listed.output + second.output


def test_json_lines_are_as_the_api_has_them(plextera: Plextera, made: str) -> None:
    result = plextera("subscriptions", "list", "--json")

    line = json.loads(result.stdout)
    assert line["id"] == made
    assert line["eventTypes"] == [TYPE]
    assert "filters" not in line


def test_the_list_can_be_narrowed(plextera: Plextera, made: str) -> None:
    assert plextera("subscriptions", "list", "--status", "paused").stdout == ""
    assert plextera("subscriptions", "list", "--event-type", "workflow.run.completed").stdout == ""
    assert made in plextera("subscriptions", "list", "--status", "active", "--event-type", TYPE).stdout


def test_deliveries_are_paused_and_resumed(plextera: Plextera, served: Sandbox, made: str) -> None:
    paused = plextera("subscriptions", "pause", made)
    status = served.world.subscriptions[made].status
    resumed = plextera("subscriptions", "resume", made, "--json")

    assert paused.stdout.split()[:2] == [made, "paused"]
    assert status == "paused"
    assert json.loads(resumed.stdout)["status"] == "active"


def test_the_secret_is_rotated(plextera: Plextera, served: Sandbox, made: str) -> None:
    result = plextera("subscriptions", "rotate", made, "--secret-file", "-", stdin="whsec_new\n")

    assert result.exit_code == 0
    assert secret_of(served, made) == "whsec_new"
    assert "whsec" not in result.output


def test_a_rotation_needs_a_file_because_the_environment_may_hold_the_old_secret(
    plextera: Plextera, made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLEXTERA_SIGNING_SECRET", SECRET)
    result = plextera("subscriptions", "rotate", made)

    assert result.exit_code == 2
    assert "--secret-file" in result.stderr


def test_the_secret_of_a_new_one_may_come_from_the_environment(
    plextera: Plextera, served: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLEXTERA_SIGNING_SECRET", "from the environment")
    result = plextera("subscriptions", "create", *create_options())

    assert secret_of(served, result.stdout.split()[0]) == "from the environment"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "the signing secret cannot be read from other: No such file or directory"),
        (b"\n", "other holds no signing secret: it is empty"),
        (b"\xff\xfe", "other holds no signing secret: it is not text"),
    ],
)
def test_without_a_secret_nothing_is_sent(
    plextera: Plextera, served: Sandbox, content: bytes | None, said: str
) -> None:
    if content is not None:
        Path("other").write_bytes(content)
    result = plextera("subscriptions", "create", *create_options(), "--secret-file", "other")

    assert (result.exit_code, result.stderr) == (2, f"plextera: {said}\n")
    assert not served.requests


def test_a_missing_secret_says_where_it_comes_from(plextera: Plextera, served: Sandbox) -> None:
    result = plextera("subscriptions", "create", *create_options())

    assert result.exit_code == 2
    assert result.stderr == (
        "plextera: no signing secret: set PLEXTERA_SIGNING_SECRET or give --secret-file FILE\n"
    )


def test_stdin_holds_one_secret_only(plextera: Plextera, made: str) -> None:
    result = plextera("subscriptions", "rotate", made, "--secret-file", "-", "--api-key-file", "-", stdin="x")

    assert result.exit_code == 2
    assert "not both" in result.stderr


def test_a_subscription_is_deleted(plextera: Plextera, served: Sandbox, made: str) -> None:
    deleted = plextera("subscriptions", "delete", made)
    again = plextera("subscriptions", "delete", made)

    assert (deleted.exit_code, deleted.stdout) == (0, f"{made}  deleted\n")
    assert not served.world.subscriptions
    assert (again.exit_code, again.stdout) == (1, "")
    assert len(again.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [("--endpoint-url", "http://example.com", "--event-type", TYPE), ("--endpoint-url", ENDPOINT)],
)
def test_what_can_never_be_subscribed_is_not_sent(
    plextera: Plextera, served: Sandbox, arguments: tuple[str, ...]
) -> None:
    result = plextera("subscriptions", "create", *arguments, "--secret-file", "secret")

    assert result.exit_code == 2
    assert SECRET not in result.output
    assert not served.requests
