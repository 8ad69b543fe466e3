"""`plextera ingest --ledger`: what it writes, when it goes on, what it refuses; and `plextera ledger`."""

import json
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from click.testing import Result

from plextera_async.errors import LedgerError
from plextera_async.ingest.records import Records
from plextera_async.sandbox import Fault, Sandbox, Timing
from tests.cli.conftest import Plextera

UPLOAD = "uploadExtraction"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def make(count: int, start: int = 0) -> None:
    Path("in").mkdir(exist_ok=True)
    for number in range(start, start + count):
        (Path("in") / f"{number}.txt").write_text(f"Number: {number}\n")


def lines(path: str = "out.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def sources(path: str = "out.jsonl") -> list[str]:
    return sorted(line["source"] for line in lines(path))


def go(plextera: Plextera, *more: object) -> Result:
    return plextera("ingest", "in", "--ledger", "l.sqlite", "--out", "out.jsonl", *more)


def status(plextera: Plextera) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(plextera("ledger", "status", "l.sqlite", "--json").stdout)
    return read


def summary(result: Result) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(result.stderr.splitlines()[-1])
    return read


def test_it_goes_on_where_it_was_and_each_line_is_there_once(plextera: Plextera, served: Sandbox) -> None:
    make(5)
    first = go(plextera)
    make(3, start=5)
    second = go(plextera)
    third = go(plextera, "--overwrite")

    assert [each.exit_code for each in (first, second, third)] == [0, 0, 0]
    assert sources() == [f"in/{number}.txt" for number in range(8)]
    assert len(served.world.extractions) == 8
    assert "3 documents: 3 COMPLETED in " in second.stderr
    assert "5 were done before, or came twice" in second.stderr
    assert "failed" not in second.stderr
    assert summary(third)["skipped"] == 8
    assert list(lines()[0]) == ["source", "status", "id", "fileId", "requestId", "fields"]
    assert lines()[0]["requestId"]
    assert stat.S_IMODE(Path("out.jsonl").stat().st_mode) == 0o600


def test_without_out_the_lines_go_to_stdout_once(plextera: Plextera, served: Sandbox) -> None:
    make(3)
    first = plextera("ingest", "in", "--ledger", "l.sqlite")
    second = plextera("ingest", "in", "--ledger", "l.sqlite")

    assert len(first.stdout.splitlines()) == 3
    assert (second.exit_code, second.stdout) == (0, "")


def test_the_ledger_itself_and_what_it_writes_are_no_documents(plextera: Plextera, served: Sandbox) -> None:
    make(2)
    arguments = ("--ledger", "in/l.sqlite", "--out", "in/out.jsonl", "--summary", "in/summary.json")
    for _ in range(2):
        assert plextera("ingest", "in", *arguments).exit_code == 0

    assert sources("in/out.jsonl") == ["in/0.txt", "in/1.txt"]
    assert json.loads(Path("in/summary.json").read_text())["skipped"] == 2


def test_a_bad_end_is_a_line_and_what_is_no_end_is_none(plextera: Plextera, served: Sandbox) -> None:
    make(0)
    Path("in/broken.pdf").write_bytes(b"%PDF-1.4 and no more")
    Path("in/empty.txt").touch()
    go(plextera)
    make(1)
    served.timing = Timing(queued=0, processing=600)
    waiting = go(plextera, "--timeout", "0.05")
    assert waiting.exit_code == 1
    assert sources() == ["in/broken.pdf", "in/empty.txt"]
    assert "TIMEOUT in/0.txt: WAIT_TIMEOUT: " in waiting.stderr
    assert "1 are submitted and go on: the next run picks them up" in waiting.stderr
    assert "1 failed, and stay so until `plextera ledger retry-failed l.sqlite`" in waiting.stderr
    (id,) = [each.id for each in served.world.extractions.values() if each.status == "PROCESSING"]
    served.force(id, status="COMPLETED", output={"fields": []})
    ended = go(plextera)

    assert ended.exit_code == 1
    assert {line["source"]: line["status"] for line in lines()} == {
        "in/0.txt": "COMPLETED",
        "in/broken.pdf": "REJECTED",
        "in/empty.txt": "ERROR",
    }
    assert len(lines()) == 3


def test_what_nobody_names_again_is_waited_for(plextera: Plextera, served: Sandbox) -> None:
    make(2)
    served.timing = Timing(queued=600, processing=0)
    go(plextera, "--timeout", "0.05")
    for id in list(served.world.extractions):
        served.force(id, status="COMPLETED", output={"fields": []})
    result = plextera("ingest", "--ledger", "l.sqlite", "--out", "out.jsonl")

    assert result.exit_code == 0
    assert sources() == [str(Path(f"in/{number}.txt").absolute()) for number in range(2)]


def test_a_wrong_key_stops_it_and_the_right_one_goes_on(
    plextera: Plextera, served: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(20)
    with monkeypatch.context() as patch:
        patch.setenv("PLEXTERA_API_KEY", "wrong-key")
        stopped = go(plextera, "--concurrency", "2")
    assert stopped.exit_code == 2
    assert stopped.stderr.count("plextera: stopped: the API key was refused") == 1
    assert summary(stopped)["stopped"] == "UNAUTHORIZED"
    assert lines() == []

    assert go(plextera).exit_code == 0
    assert len(lines()) == 20


def test_a_file_of_unknown_origin_is_left_alone(plextera: Plextera, served: Sandbox) -> None:
    make(1)
    Path("out.jsonl").write_text("precious\n")
    refused = go(plextera)
    assert (refused.exit_code, Path("out.jsonl").read_text()) == (2, "precious\n")
    assert "out.jsonl is there already: name another file, or give --overwrite" in refused.stderr
    assert not served.requests

    assert go(plextera, "--overwrite").exit_code == 0
    assert sources() == ["in/0.txt"]


def test_results_stay_in_one_file(plextera: Plextera, served: Sandbox) -> None:
    make(1)
    go(plextera)
    elsewhere = plextera("ingest", "in", "--ledger", "l.sqlite")
    os.truncate("out.jsonl", 10)
    shorter = go(plextera)

    assert elsewhere.exit_code == 2
    assert "the results of this ledger are in" in elsewhere.stderr
    assert shorter.exit_code == 1
    assert "out.jsonl is shorter than the ledger says" in shorter.stderr


def test_a_ledger_that_cannot_be_used_is_one_line(plextera: Plextera, served: Sandbox) -> None:
    make(1)
    Path("l.sqlite").write_text("dear diary, " * 50)
    result = go(plextera)

    assert result.exit_code == 1
    assert "plextera: l.sqlite is no ledger" in result.stderr
    assert not served.requests
    assert not Path("out.jsonl").exists()


def test_a_disk_that_is_full_stops_it_and_it_goes_on_later(
    plextera: Plextera, served: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(20)
    take, calls = Records.take, []

    def full(self: Records, id: int) -> None:
        calls.append(id)
        if len(calls) > 5:
            raise LedgerError("l.sqlite cannot be written: the disk is full; what is in it is safe")
        take(self, id)

    with monkeypatch.context() as patch:
        patch.setattr(Records, "take", full)
        result = go(plextera, "--concurrency", "2")
    assert result.exit_code == 1
    assert "plextera: stopped: l.sqlite cannot be written: the disk is full; what is in it" in result.stderr
    assert summary(result)["stopped"] == "LEDGER"

    assert go(plextera).exit_code == 0
    assert sources() == sorted(f"in/{number}.txt" for number in range(20))
    assert len(served.world.extractions) == 20


def test_a_manifest_with_tags_is_ingested_and_its_bad_rows_told(plextera: Plextera, served: Sandbox) -> None:
    make(2)
    served.add_url("https://example.com/a.txt?signature=1", b"Number: 9\n")
    Path("m.csv").write_text(
        "path,url,docType,key\nin/0.txt,,memo,\n,,,\nin/1.txt,,,mine\n,https://example.com/a.txt?signature=1,,k\n"
    )
    arguments = ("--from-manifest", "m.csv", "--ledger", "l.sqlite", "--out", "out.jsonl", "--tag", "batch=1")
    for _ in range(2):
        result = plextera("ingest", *arguments)
        assert result.exit_code == 1
        assert "ERROR m.csv:3: INVALID_INPUT: the row needs exactly one of 'path', 'url'" in result.stderr
    tags = [dict(extraction.tags or {}) for extraction in served.world.extractions.values()]

    assert sources() == ["https://example.com/a.txt", "in/0.txt", "in/1.txt"]
    assert sorted(tag.get("docType", "-") for tag in tags) == ["-", "-", "memo"]
    assert {tag["batch"] for tag in tags} == {"1"}
    assert {"mine", "k"} <= {tag["plexteraClientKey"] for tag in tags}


def test_a_manifest_goes_without_a_ledger_too(plextera: Plextera, served: Sandbox) -> None:
    make(2)
    Path("m.jsonl").write_text('"in/0.txt"\n{"path": "in/1.txt", "key": "mine"}\n{}\n')
    result = plextera("ingest", "--from-manifest", "m.jsonl")
    found = {line["source"]: line["status"] for line in map(json.loads, result.stdout.splitlines())}

    assert found == {"in/0.txt": "COMPLETED", "in/1.txt": "COMPLETED", "m.jsonl:3": "ERROR"}
    assert result.exit_code == 1


def test_a_manifest_that_cannot_be_read_is_one_line(plextera: Plextera, served: Sandbox) -> None:
    for more in ((), ("--ledger", "l.sqlite")):
        result = plextera("ingest", "--from-manifest", "nowhere.csv", *more)
        assert result.exit_code == 2
        assert "plextera: the manifest nowhere.csv cannot be read: No such file or directory" in result.stderr


def test_the_same_bytes_are_submitted_once(plextera: Plextera, served: Sandbox) -> None:
    make(2)
    Path("in/twin.txt").write_text("Number: 0\n")
    result = go(plextera, "--content-hash")
    ids = {line["source"]: line["id"] for line in lines()}

    assert result.exit_code == 0
    assert ids["in/0.txt"] == ids["in/twin.txt"] != ids["in/1.txt"]
    assert len(served.world.extractions) == 2


@pytest.mark.parametrize("option", [("--content-hash",), ("--on-ambiguous", "hold")])
def test_what_goes_with_a_ledger_needs_one(
    plextera: Plextera, served: Sandbox, option: tuple[str, ...]
) -> None:
    result = plextera("ingest", "in", *option)

    assert result.exit_code == 2
    assert "--on-ambiguous and --content-hash go with --ledger" in result.stderr


def test_the_summary_is_the_last_line_of_stderr_or_a_file(plextera: Plextera, served: Sandbox) -> None:
    make(2)
    Path("in/broken.pdf").write_bytes(b"%PDF-1.4 and no more")
    told = summary(go(plextera))
    to_a_file = plextera("ingest", "in", "--summary", "summary.json")
    written = json.loads(Path("summary.json").read_text())

    assert told["byStatus"] == {"COMPLETED": 2, "REJECTED": 1}
    assert told["ledger"] == {"completed": 2, "rejected": 1}
    assert (told["documents"], told["exitCode"], told["stopped"]) == (3, 1, None)
    assert told["seconds"] > 0
    assert (written["documents"], written["ledger"]) == (3, None)
    assert "{" not in to_a_file.stderr
    assert stat.S_IMODE(Path("summary.json").stat().st_mode) == 0o600
    assert plextera("ingest", "in", "--summary", "nowhere/s.json").exit_code == 2


def hold_one(plextera: Plextera, served: Sandbox) -> str:
    """Let one of two documents have an unknown fate; gives its key."""
    make(1)
    go(plextera)
    make(1, start=1)
    served.faults.add(Fault(path=UPLOAD, status=500))
    result = go(plextera, "--on-ambiguous", "hold")
    assert result.exit_code == 1
    assert "1 may have been submitted: the next run looks for them (plextera ledger resolve l.sqlite)" in (
        result.stderr
    )
    assert sources() == ["in/0.txt"]
    (row,) = map(json.loads, plextera("ledger", "resolve", "l.sqlite", "--json").stdout.splitlines())
    assert (row["source"], row["state"], row["sends"], row["error"]) == (
        str(Path("in/1.txt").absolute()),
        "undecided",
        1,
        "HELD",
    )
    assert row["since"]
    key: str = row["key"]
    assert key in plextera("ledger", "resolve", "l.sqlite").stdout
    return key


def test_an_undecided_document_that_is_said_to_be_absent_is_sent(plextera: Plextera, served: Sandbox) -> None:
    key = hold_one(plextera, served)
    settled = plextera("ledger", "resolve", "l.sqlite", "--key", key, "--absent")
    assert (settled.exit_code, settled.stderr) == (0, f"{key} is found now\n")

    assert go(plextera, "--on-ambiguous", "hold").exit_code == 0
    assert sources() == ["in/0.txt", "in/1.txt"]


def test_what_the_service_does_not_know_any_more_is_told_and_settled_by_hand(
    plextera: Plextera, served: Sandbox, portal: BlockingPortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(1)
    served.timing = Timing(queued=600, processing=600)
    first = go(plextera, "--timeout", "0.05")
    assert "1 are submitted and go on: the next run picks them up" in first.stderr
    with portal.wrap_async_context_manager(Sandbox(timing=Timing(queued=0, processing=0))) as forgetful:
        monkeypatch.setenv("PLEXTERA_BASE_URL", forgetful.base_url)
        monkeypatch.setenv("PLEXTERA_API_KEY", forgetful.api_key)
        second = go(plextera)

        assert second.exit_code == 1
        assert lines() == []
        gone = "1 are submitted, and the service does not know them (plextera ledger resolve l.sqlite)"
        assert gone in second.stderr
        assert "go on" not in second.stderr
        (row,) = map(json.loads, plextera("ledger", "resolve", "l.sqlite", "--json").stdout.splitlines())
        assert (row["state"], row["error"]) == ("submitted", "NOT_FOUND")
        assert plextera("ledger", "resolve", "l.sqlite").stdout.startswith(f"gone       {row['key']}  ")
        assert plextera("ledger", "resolve", "l.sqlite", "--key", row["key"], "--absent").exit_code == 0
        assert go(plextera).exit_code == 0
    assert sources() == ["in/0.txt"]


def test_a_ledger_of_another_service_is_refused_and_stays_as_it_is(
    plextera: Plextera, served: Sandbox
) -> None:
    make(1)
    assert plextera("ingest", "in", "--ledger", "l.sqlite", "--sandbox").exit_code == 0
    assert go(plextera).exit_code == 0  # a sandbox on this machine too: nothing is left to do
    result = go(plextera, "--base-url", "https://plextera.invalid/api")

    assert result.exit_code == 1
    assert "the ledger belongs to this machine" in result.stderr
    assert "use another ledger for https://plextera.invalid/api" in result.stderr
    assert status(plextera)["completed"] == 1


def test_an_undecided_document_that_is_said_to_be_there_is_waited_for(
    plextera: Plextera, served: Sandbox
) -> None:
    key = hold_one(plextera, served)
    (id,) = served.world.extractions
    settled = plextera("ledger", "resolve", "l.sqlite", "--key", key, "--id", id)
    assert settled.stderr == f"{key} is submitted now\n"

    assert go(plextera).exit_code == 0
    assert {line["source"]: line["id"] for line in lines()}["in/1.txt"] == id
    assert len(served.world.extractions) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--absent",), 2, "--id and --absent need --key"),
        (("--key", "k"), 2, "give either --id or --absent"),
        (("--key", "k", "--id", "x", "--absent"), 2, "give either --id or --absent"),
        (("--key", "nobody's", "--absent"), 1, "plextera: the ledger has no document with this key"),
    ],
)
def test_what_cannot_be_settled_is_told(
    plextera: Plextera, served: Sandbox, arguments: tuple[str, ...], code: int, said: str
) -> None:
    make(1)
    go(plextera)
    result = plextera("ledger", "resolve", "l.sqlite", *arguments)

    assert result.exit_code == code
    assert said in result.stderr


def test_what_has_ended_cannot_be_settled_again(plextera: Plextera, served: Sandbox) -> None:
    make(1)
    go(plextera)
    (extraction,) = served.world.extractions.values()
    key = dict(extraction.tags or {})["plexteraClientKey"]
    result = plextera("ledger", "resolve", "l.sqlite", "--key", key, "--absent")

    assert result.exit_code == 1
    assert "plextera: a document that is completed cannot be noted as absent" in result.stderr


def test_failed_documents_are_done_anew_when_that_is_asked_for(plextera: Plextera, served: Sandbox) -> None:
    make(2)
    Path("in/empty.txt").touch()
    served.faults.add(Fault(path=UPLOAD, status=415))
    Path("in/broken.pdf").write_bytes(b"%PDF-1.4 and no more")
    go(plextera, "--concurrency", "1")
    assert status(plextera)["failed"] == 2
    result = plextera("ledger", "retry-failed", "l.sqlite")
    assert result.stderr.startswith("2 to be done anew: name them again")
    go(plextera)
    assert status(plextera)["failed"] == 1
    assert status(plextera)["completed"] == 2

    rejected = plextera("ledger", "retry-failed", "l.sqlite", "--rejected", "--key", "nobody's")
    assert rejected.stderr.startswith("0 to be done anew")
    rejected = plextera("ledger", "retry-failed", "l.sqlite", "--rejected")
    assert rejected.stderr.startswith("2 to be done anew")
    assert status(plextera)["found"] == 2


def test_what_must_be_sent_and_is_not_named_again_is_told(plextera: Plextera, served: Sandbox) -> None:
    make(1)
    served.faults.add(Fault(path=UPLOAD, status=415))
    go(plextera)
    plextera("ledger", "retry-failed", "l.sqlite")
    result = plextera("ingest", "--ledger", "l.sqlite", "--out", "out.jsonl")

    assert result.exit_code == 1
    assert (
        "1 are known and not submitted: the next run submits them, if they are named again" in result.stderr
    )


def test_status_counts_for_people_and_programs(plextera: Plextera, served: Sandbox) -> None:
    make(2)
    go(plextera)
    shown = plextera("ledger", "status", "l.sqlite").stdout.splitlines()
    out = Path("out.jsonl").absolute()

    assert "       2  completed" in shown
    assert "       0  undecided" in shown
    assert shown[-1] == f"results: {out}, {out.stat().st_size} bytes"
    assert status(plextera) == {
        "found": 0,
        "submitting": 0,
        "undecided": 0,
        "submitted": 0,
        "completed": 2,
        "failed": 0,
        "rejected": 0,
        "notTaken": 0,
        "out": {"path": str(out), "length": out.stat().st_size},
    }


@pytest.mark.parametrize("command", ["status", "retry-failed", "resolve"])
def test_a_ledger_that_is_not_there_is_not_made(plextera: Plextera, command: str) -> None:
    result = plextera("ledger", command, "l.sqlite")

    assert result.exit_code == 1
    assert "plextera: l.sqlite cannot be opened as a ledger: there is no such file\n" in result.stderr
    assert not Path("l.sqlite").exists()


@pytest.mark.parametrize("command", ["status", "resolve", "ingest"])
def test_a_value_that_nobody_wrote_is_one_line(plextera: Plextera, served: Sandbox, command: str) -> None:
    Path("a.txt").write_bytes(b"Patient: Jane\n")
    plextera("ingest", "a.txt", "--ledger", "l.sqlite")
    with closing(sqlite3.connect("l.sqlite")) as sql, sql:
        sql.execute("UPDATE documents SET state = 'submitting', began = 'never'")
        sql.execute("INSERT INTO out_file VALUES (1, 'o', 'x', 0, 0, 0)")

    if command == "ingest":
        result = plextera("ingest", "a.txt", "--ledger", "l.sqlite")
    else:
        result = plextera("ledger", command, "l.sqlite")

    told = "l.sqlite is damaged: it holds a value that cannot be read\n"
    assert result.exit_code == 1
    assert told in result.stderr
