import json
from pathlib import Path
from typing import Any

import pytest

from plextera_async.sandbox import Fault, Sandbox, WorkflowStep
from tests.cli.conftest import Plextera


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def echoed(text: str) -> Any:
    """Give what the first step of a run in the sandbox read."""
    return json.loads(text)["steps"][0]["output"]


def test_a_run_is_waited_for_and_its_steps_are_shown(plextera: Plextera) -> None:
    result = plextera("run", "daily-lab-loader", "--sandbox")
    first, *rest = [line.split() for line in result.stdout.splitlines()]

    assert result.exit_code == 0
    assert first[1] == "COMPLETED"
    assert f"plextera: run {first[0]} is started\n" in result.stderr
    assert rest == [
        ["STEP", "STATUS", "MESSAGE"],
        ["Read", "input", "COMPLETED", "-"],
        ["Extract", "document", "COMPLETED", "-"],
        ["Deliver", "result", "COMPLETED", "-"],
    ]


@pytest.mark.parametrize(
    ("payload", "stdin", "expected"),
    [
        ('{"day": "2026-03-14"}', None, {"day": "2026-03-14"}),
        ("[1, 2.5, null]", None, [1, 2.5, None]),
        ("@payload.json", None, {"from": "file"}),
        ("-", '"from stdin"', "from stdin"),
    ],
)
def test_a_payload_is_handed_over(plextera: Plextera, payload: str, stdin: str | None, expected: Any) -> None:
    Path("payload.json").write_text('{"from": "file"}')
    result = plextera("run", "daily", "--payload", payload, "--json", "--sandbox", stdin=stdin)

    assert result.exit_code == 0
    assert echoed(result.stdout) == expected


def test_a_form_has_text_and_files(plextera: Plextera) -> None:
    Path("a.txt").write_text("A")
    Path("b.txt").write_text("B")
    result = plextera(
        "run",
        "daily",
        "--json",
        "--sandbox",
        "--form",
        "day=2026=x",
        "--form",
        "file=@a.txt",
        "--form",
        "file=@b.txt",
    )
    read = echoed(result.stdout)

    assert result.exit_code == 0
    assert read["day"] == "2026=x"
    assert [file["fileName"] for file in read["file"]] == ["a.txt", "b.txt"]


def test_without_waiting_only_the_id_is_printed(plextera: Plextera, served: Sandbox) -> None:
    result = plextera("run", "daily", "--no-wait")
    as_json = plextera("run", "daily", "--no-wait", "--json")

    assert (result.exit_code, result.stderr) == (0, "")
    assert served.world.running.runs[result.stdout.strip()].workflow.id == "daily"
    assert json.loads(as_json.stdout).keys() == {"id", "status"}
    assert not any(request.method == "GET" for request in served.requests)


def test_a_run_that_fails_is_shown_with_its_steps(plextera: Plextera, served: Sandbox) -> None:
    served.add_workflow(
        "bad", steps=[WorkflowStep("Good one"), WorkflowStep("Bad one", fails="no such table")]
    )
    result = plextera("run", "bad")

    assert result.exit_code == 1
    assert "ended FAILED with WORKFLOW_RUN_FAILED" in result.stderr
    assert "Bad one" in result.stdout
    assert "FAILED" in result.stdout


def test_a_workflow_that_is_not_there_is_one_line(plextera: Plextera, served: Sandbox) -> None:
    result = plextera("run", "unknown-one")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("plextera: startRun: HTTP 404 NOT_FOUND (request ")
    assert len(result.stderr.splitlines()) == 1


def test_a_start_of_unknown_fate_is_told(plextera: Plextera, served: Sandbox) -> None:
    served.faults.add(Fault(method="POST", status=503))
    result = plextera("run", "daily")

    assert result.exit_code == 1
    assert "plextera: it may have been submitted: look for it before sending it again" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--payload", "{"), "Invalid value for '--payload': it is not JSON"),
        (("--payload", "@nowhere.json"), "nowhere.json cannot be read: No such file or directory"),
        (("--payload", "@latin.json"), "it is not UTF-8 text"),
        (("--payload", "[" * 100_000), "it is nested too deeply"),
        (("--form", "x"), "write it as NAME=VALUE or NAME=@FILE: 'x'"),
        (("--form", "=x"), "write it as NAME=VALUE or NAME=@FILE: '=x'"),
        (("--form", "a=1", "--form", "a=2"), "'a' comes twice: only files may share a name"),
        (("--form", "a=1", "--payload", "1"), "give either --payload or --form"),
    ],
)
def test_wrong_usage_is_told(
    plextera: Plextera, served: Sandbox, arguments: tuple[str, ...], said: str
) -> None:
    Path("latin.json").write_bytes(b'"\xe9"')
    result = plextera("run", "daily", *arguments)

    assert result.exit_code == 2
    assert said in result.stderr
    assert not served.requests


@pytest.mark.parametrize("arguments", [("--payload", "NaN"), ("--form", "file=@nowhere.txt")])
def test_what_cannot_be_sent_is_told(plextera: Plextera, served: Sandbox, arguments: tuple[str, ...]) -> None:
    result = plextera("run", "daily", *arguments)

    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert not served.requests
