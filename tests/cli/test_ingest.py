import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from click.testing import Result

from plextera_async import AsyncPlextera
from plextera_async.cli.ingesting import results
from plextera_async.cli.ingesting.document import Document
from plextera_async.cli.showing.lines import Line
from plextera_async.sandbox import Fault, Sandbox
from tests.cli.conftest import Plextera

NOTE = "results come from the sandbox, a pretend service inside this process that is no OCR and no model"
UPLOAD = "uploadExtraction"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def make(folder: str = "in", count: int = 1) -> Path:
    made = Path(folder)
    made.mkdir()
    for number in range(count):
        (made / f"{number}.txt").write_text(f"Number: {number}\n")
    return made


def lines(text: str) -> dict[str, Any]:
    read = [json.loads(line) for line in text.splitlines()]
    assert len({line["source"] for line in read}) == len(read)
    return {line["source"]: line for line in read}


def uploads(sandbox: Sandbox) -> int:
    return sum(request.method == "POST" for request in sandbox.requests)


def test_every_document_gets_its_line_and_the_exit_code_is_0(plextera: Plextera) -> None:
    make(count=20)
    result = plextera("ingest", "in", "--sandbox")
    found = lines(result.stdout)

    assert result.exit_code == 0
    assert sorted(found) == sorted(f"in/{number}.txt" for number in range(20))
    line = found["in/7.txt"]
    assert list(line) == ["source", "status", "id", "fileId", "requestId", "fields"]
    assert line["status"] == "COMPLETED"
    assert line["fields"] == [
        {"id": "number", "name": "Number", "type": "number", "value": 7, "confidence": 0.9}
    ]
    assert line["id"]
    assert line["fileId"].startswith("file_")
    assert line["requestId"]
    assert NOTE in result.stderr
    assert "20 documents: 20 COMPLETED in " in result.stderr


def test_each_path_gets_an_honest_line_and_the_exit_code_is_1(plextera: Plextera) -> None:
    folder = make()
    (folder / "empty.txt").touch()
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 and no more")
    with (folder / "huge.bin").open("wb") as huge:
        huge.truncate(51 * 1024 * 1024)
    os.mkfifo(folder / "pipe")
    result = plextera("ingest", "in", "nowhere.txt", "*.tiff", "--sandbox")
    found = {
        source: (line["status"], line.get("error", {}).get("code"))
        for source, line in lines(result.stdout).items()
    }

    assert result.exit_code == 1
    assert found == {
        "in/0.txt": ("COMPLETED", None),
        "in/empty.txt": ("ERROR", "INVALID_INPUT"),
        "in/run.sh": ("ERROR", "UNSUPPORTED_MEDIA_TYPE"),
        "in/broken.pdf": ("REJECTED", "BROKEN_DOCUMENT"),
        "in/huge.bin": ("ERROR", "INVALID_INPUT"),
        "in/pipe": ("ERROR", "INVALID_INPUT"),
        "nowhere.txt": ("ERROR", "INVALID_INPUT"),
        "*.tiff": ("ERROR", "INVALID_INPUT"),
    }
    assert (
        "ERROR in/empty.txt: INVALID_INPUT: the source is empty: there is nothing to upload\n"
        in result.stderr
    )
    assert "ERROR *.tiff: INVALID_INPUT: nothing matches this pattern\n" in result.stderr
    assert "8 documents: 1 COMPLETED, 6 ERROR, 1 REJECTED in " in result.stderr


def test_an_empty_folder_is_told_and_no_success(plextera: Plextera) -> None:
    make(count=0)
    result = plextera("ingest", "in", "--sandbox")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "plextera: no documents found\n" in result.stderr


def test_no_more_than_the_asked_for_number_is_in_flight(
    plextera: Plextera, served: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(count=12)
    in_flight = [0]
    submit, finish = Document.submit, Document.finish

    async def submitting(document: Document, client: AsyncPlextera) -> None:
        in_flight.append(in_flight[-1] + 1)
        await submit(document, client)

    async def finishing(document: Document) -> Line:
        line = await finish(document)
        in_flight.append(in_flight[-1] - 1)
        return line

    monkeypatch.setattr(Document, "submit", submitting)
    monkeypatch.setattr(Document, "finish", finishing)
    result = plextera("ingest", "in", "--concurrency", 3)

    assert result.exit_code == 0
    assert len(lines(result.stdout)) == 12
    assert max(in_flight) == 3


def test_tags_and_a_key_of_its_own_travel_with_each_document(plextera: Plextera, served: Sandbox) -> None:
    make(count=2)
    result = plextera("ingest", "in", "--tag", "docType=memo", "--tag", "batch=a=b")
    tags = [dict(extraction.tags or {}) for extraction in served.world.extracting.extractions.values()]
    keys = {each.pop("plexteraClientKey") for each in tags}

    assert result.exit_code == 0
    assert len(keys) == 2
    assert tags == [{"docType": "memo", "batch": "a=b"}] * 2


def test_out_takes_the_json_lines_and_stdout_a_table(plextera: Plextera) -> None:
    make(count=2)
    result = plextera("ingest", "in", "--sandbox", "--out", "in/results.jsonl")
    found = lines(Path("in/results.jsonl").read_text())
    head, *rows = result.stdout.splitlines()

    assert result.exit_code == 0
    assert sorted(found) == ["in/0.txt", "in/1.txt"]
    assert head.split() == ["STATUS", "FIELDS", "ID", "SOURCE"]
    assert sorted(rows) == sorted(
        f"COMPLETED         1  {line['id']}  {source}" for source, line in found.items()
    )
    assert stat.S_IMODE(Path("in/results.jsonl").stat().st_mode) == 0o600


def test_out_never_overwrites_unasked(plextera: Plextera) -> None:
    make()
    out = Path("results.jsonl")
    out.write_text("precious\n")
    out.chmod(0o644)
    refused = plextera("ingest", "in", "--sandbox", "--out", out)

    assert refused.exit_code == 2
    assert "results.jsonl is there already: name another file, or give --overwrite" in refused.stderr
    assert out.read_text() == "precious\n"
    allowed = plextera("ingest", "in", "--sandbox", "--out", out, "--overwrite")
    assert allowed.exit_code == 0
    assert list(lines(out.read_text())) == ["in/0.txt"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_out_that_cannot_be_made_is_one_line(plextera: Plextera) -> None:
    make()
    result = plextera("ingest", "in", "--sandbox", "--out", "nowhere/results.jsonl")

    assert result.exit_code == 2
    assert "plextera: nowhere/results.jsonl cannot be written: No such file or directory\n" in result.stderr


def test_out_is_not_made_without_a_key(plextera: Plextera) -> None:
    make()
    result = plextera("ingest", "in", "--out", "results.jsonl")

    assert result.exit_code == 2
    assert not Path("results.jsonl").exists()


def test_results_that_cannot_be_written_stop_it(plextera: Plextera, monkeypatch: pytest.MonkeyPatch) -> None:
    make(count=30)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(results.Results, "_show", full)
    result = plextera("ingest", "in", "--sandbox", "--concurrency", "2")

    assert result.exit_code == 1
    assert "plextera: stopped: a result cannot be written: No space left on device\n" in result.stderr
    assert "0 finished, 28 not begun" in result.stderr


def test_results_that_cannot_be_written_leave_the_ids_of_what_was_submitted(
    plextera: Plextera, served: Sandbox
) -> None:
    make(count=30)
    result = plextera("ingest", "in", "--concurrency", "3", "--out", "/dev/full", "--overwrite")

    assert result.exit_code == 1
    ids = [each.id for each in served.world.extractions.values()]
    assert ids
    assert [id for id in ids if id not in result.stderr] == []
    assert "submitted, which still run on the server (plextera wait ID):" in result.stderr


@pytest.mark.parametrize("more", [(), ("--ledger", "l.sqlite")])
def test_a_file_id_that_is_unknown_is_an_error_of_its_row_only(
    plextera: Plextera, served: Sandbox, more: tuple[str, ...]
) -> None:
    make(count=5)
    rows = ['{"fileId": "file_unknown"}', *(f'"in/{number}.txt"' for number in range(5))]
    Path("m.jsonl").write_text("\n".join(rows))
    result = plextera("ingest", "--from-manifest", "m.jsonl", *more)
    found = lines(result.stdout)

    assert result.exit_code == 1
    assert found["file_unknown"]["error"]["code"] == "NOT_FOUND"
    assert [found[f"in/{number}.txt"]["status"] for number in range(5)] == ["COMPLETED"] * 5
    assert "stopped" not in result.stderr.replace('"stopped": null', "")


def test_a_full_disk_is_one_line(plextera: Plextera) -> None:
    make(count=3)
    result = plextera("ingest", "in", "--sandbox", "--concurrency", "1", "--out", "/dev/full", "--overwrite")

    assert result.exit_code == 1
    assert "plextera: stopped: a result cannot be written: No space left on device\n" in result.stderr


def stopped(result: Result, why: str, *, code: int) -> None:
    assert result.exit_code == code
    assert f"plextera: stopped: {why}" in result.stderr
    assert result.stderr.count(why) == 1
    assert "Traceback" not in result.stderr


def test_a_wrong_key_stops_it_early(
    plextera: Plextera, served: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(count=30)
    monkeypatch.setenv("PLEXTERA_API_KEY", "wrong-key")
    result = plextera("ingest", "in", "--concurrency", "4")

    stopped(result, "the API key was refused: check PLEXTERA_API_KEY or --api-key-file; ", code=2)
    assert uploads(served) == 4
    assert [line["error"]["code"] for line in lines(result.stdout).values()] == ["UNAUTHORIZED"] * 4
    assert "26 not begun" in result.stderr
    assert "wrong-key" not in result.output


def test_an_unreachable_host_stops_it_early(
    plextera: Plextera, served: Sandbox, portal: BlockingPortal
) -> None:
    make(count=30)
    portal.call(served._server.stop)
    result = plextera("ingest", "in", "--concurrency", "2")

    stopped(result, "the service cannot be reached: check the network, and --base-url", code=1)
    assert [line["error"]["code"] for line in lines(result.stdout).values()] == ["CONNECT"] * 2


def test_a_wrong_address_stops_it_early(plextera: Plextera, served: Sandbox) -> None:
    make(count=30)
    result = plextera("ingest", "in", "--concurrency", "2", "--base-url", f"{served.base_url}/wrong")

    stopped(result, "there is no such service: check the network, and --base-url", code=1)


def test_a_key_that_is_revoked_meanwhile_ends_the_waits(plextera: Plextera, served: Sandbox) -> None:
    make(count=6)
    served.timing = type(served.timing)(queued=600, processing=0)
    served.faults.add(Fault(path=UPLOAD, times=2, delay=0, status=None))  # two uploads pass, with no delay
    served.faults.add(Fault(path=UPLOAD, times=None, status=401, code="UNAUTHORIZED"))
    result = plextera("ingest", "in", "--concurrency", "3")
    found = lines(result.stdout)

    stopped(result, "the API key was refused", code=2)
    assert sorted(line["status"] for line in found.values()) == ["ERROR", "INTERRUPTED", "INTERRUPTED"]
    waiting = [line for line in found.values() if line["status"] == "INTERRUPTED"]
    assert all(line["id"] in result.stderr for line in waiting)
    assert "2 submitted, which still run on the server (plextera wait ID):" in result.stderr
    assert "1 finished, 3 not begun" in result.stderr


def test_an_ambiguous_create_is_told_with_the_key_to_look_for(plextera: Plextera, served: Sandbox) -> None:
    make()
    served.faults.add(Fault(path=UPLOAD, drop="after_body", apply=True))
    served.faults.add(Fault(path="listExtractions", status=403))  # so that it cannot be looked for
    result = plextera("ingest", "in")
    (line,) = lines(result.stdout).values()
    (extraction,) = served.world.extracting.extractions.values()

    assert result.exit_code == 1
    assert (line["status"], line["id"], line["error"]["code"]) == ("AMBIGUOUS", None, "AMBIGUOUS_CREATE")
    assert extraction.tags is not None
    assert line["key"] == extraction.tags["plexteraClientKey"]
    assert f"key {line['key']}" in result.stderr
    assert uploads(served) == 1


def test_a_wait_that_runs_out_is_told_with_the_id(plextera: Plextera, served: Sandbox) -> None:
    make()
    served.timing = type(served.timing)(queued=600, processing=0)
    result = plextera("ingest", "in", "--timeout", "0.02")
    (line,) = lines(result.stdout).values()

    assert result.exit_code == 1
    assert (line["status"], line["error"]["code"]) == ("TIMEOUT", "WAIT_TIMEOUT")
    assert "1 submitted, which still run on the server (plextera wait ID):" in result.stderr
    assert f"  {line['id']}  {line['source']}" in result.stderr
    assert line["id"]
    assert line["fileId"]


def test_a_file_that_breaks_off_is_told(
    plextera: Plextera, served: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(count=2)
    whole = Path.open

    def failing(path: Path, *args: Any, **kwargs: Any) -> Any:
        if path.name == "1.txt":
            raise OSError(5, "Input/output error")
        return whole(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", failing)
    found = lines(plextera("ingest", "in").stdout)

    assert found["in/0.txt"]["status"] == "COMPLETED"
    assert found["in/1.txt"]["error"]["message"] == "the file cannot be read: Input/output error"


NAMES = [
    b"caf\xe9.txt",
    b"[red]bold[x].txt",
    b"esc\x1b[31m.txt",
    b"new\nline.txt",
    "\u202egnp.txt".encode(),
    b"quo\"te'.txt",
    b"-dash.txt",
    "日本.txt".encode(),
]


def test_hostile_names_are_documents_like_any_other(plextera: Plextera) -> None:
    Path("in").mkdir()
    for number, name in enumerate(NAMES):
        (Path("in") / os.fsdecode(name)).write_text(f"Number: {number}\n")
    result = plextera("ingest", "in", "--sandbox", "--out", "results.jsonl")
    text = Path("results.jsonl").read_bytes().decode("utf-8")
    found = lines(text)

    assert result.exit_code == 0
    assert {line["fields"][0]["value"]: source for source, line in found.items()} == dict(
        enumerate(
            [
                "in/caf\\xe9.txt",
                "in/[red]bold[x].txt",
                "in/esc\x1b[31m.txt",
                "in/new\nline.txt",
                "in/\u202egnp.txt",
                "in/quo\"te'.txt",
                "in/-dash.txt",
                "in/日本.txt",
            ]
        )
    )
    assert all(line.isprintable() for line in [*text.splitlines(), *result.output.splitlines()])
    assert len(result.stdout.splitlines()) == 1 + len(NAMES)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name what to extract: PATHS, --from-manifest FILE, or --ledger FILE to go on"),
        (("in", "--bad"), "No such option '--bad'"),
        (("in", "--concurrency", "0"), "Invalid value for '--concurrency'"),
        (("in", "--timeout", "0"), "Invalid value for '--timeout'"),
        (("in", "--timeout", "nan"), "wait_timeout must be a number of seconds"),
        (("in", "--tag", "x"), "Invalid value for '--tag': write it as KEY=VALUE: 'x'"),
        (("in", "--tag", "x="), "Invalid value for '--tag': tags"),
        (("in", "--tag", "a=1", "--tag", "a=2"), "Invalid value for '--tag': 'a' comes twice"),
        (("in", "--tag", "plexteraClientKey=1"), "is set by the command itself, anew for each document"),
        (("in", "--sandbox", "--base-url", "http://localhost"), "--sandbox goes with neither"),
        (("in", "--base-url", "ftp://x"), "base_url must be an http(s) URL"),
        (("in", "--base-url", "http://example.com"), "base_url is plain http to another machine"),
    ],
)
def test_wrong_usage_is_one_clear_line_and_the_exit_code_is_2(
    plextera: Plextera, served: Sandbox, arguments: tuple[str, ...], said: str
) -> None:
    make()
    result = plextera("ingest", *arguments)

    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""
    assert not served.requests
