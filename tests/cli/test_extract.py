import json
from pathlib import Path

import pytest

from plextera_async.sandbox import Fault, Sandbox
from tests.cli.conftest import Plextera


@pytest.fixture
def memo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("memo.txt").write_text("To: [bold]all[/bold]\nTotal: 12.50\nBell: \x1b]0;x\x07y\n")
    return "memo.txt"


def test_fields_are_shown_as_a_table(plextera: Plextera, memo: str) -> None:
    result = plextera("extract", memo, "--sandbox")

    assert result.exit_code == 0
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["FIELD", "VALUE", "CONFIDENCE"],
        ["To", "[bold]all[/bold]", "0.9"],
        ["Total", "12.5", "0.9"],
        ["Bell", "\\x1b]0;x\\x07y", "0.9"],
    ]


def test_json_is_the_line_of_ingest(plextera: Plextera, memo: str) -> None:
    result = plextera("extract", memo, "--sandbox", "--json", "--tag", "docType=memo")
    line = json.loads(result.stdout)

    assert result.exit_code == 0
    assert (line["source"], line["status"]) == ("memo.txt", "COMPLETED")
    assert [field["value"] for field in line["fields"]] == ["[bold]all[/bold]", 12.5, "\x1b]0;x\x07y"]


def test_lists_are_shown_as_json(plextera: Plextera, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("Name,Number\nA,1\nB,\n")

    assert '["A", "B"]' in plextera("extract", table, "--sandbox").stdout


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.txt", None, "plextera: missing.txt: the file cannot be read: No such file or directory"),
        ("empty.txt", b"", "plextera: empty.txt: the source is empty: there is nothing to upload"),
        ("run.sh", b"#!/bin/sh", "Executable and script files are not accepted."),
        ("torn.pdf", b"%PDF-1.7 torn", "ended REJECTED with BROKEN_DOCUMENT"),
    ],
)
@pytest.mark.usefixtures("memo")
def test_a_document_without_a_result_is_one_line_and_exit_code_1(
    plextera: Plextera, name: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        Path(name).write_bytes(content)
    result = plextera("extract", name, "--sandbox")
    told = [line for line in result.stderr.splitlines() if "results come from the sandbox" not in line]

    assert result.exit_code == 1
    assert result.stdout == ""
    assert len(told) == 1
    assert said in told[0]


def test_json_tells_of_a_failure_too(plextera: Plextera, memo: str, served: Sandbox) -> None:
    served.faults.add(Fault(method="POST", status=422, code="VALIDATION_FAILED"))
    result = plextera("extract", memo, "--json")
    line = json.loads(result.stdout)

    assert result.exit_code == 1
    assert (line["status"], line["error"]["code"]) == ("ERROR", "VALIDATION_FAILED")


def test_a_status_that_is_not_known_is_no_success(plextera: Plextera, memo: str, served: Sandbox) -> None:
    served.faults.add(
        Fault(
            method="GET",
            times=None,
            body=b'{"id":"ext1","status":"ARCHIVED",'
            b'"completedAt":"2026-01-01T00:00:00Z","output":{"fields":[]}}',
            status=200,
        )
    )
    result = plextera("extract", memo, "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["status"] == "ARCHIVED"
