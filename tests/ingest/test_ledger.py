"""The ledger's file: whose it is, who may use it, and what is in it."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from plextera_async._sansio.ledger_states import Event, State
from plextera_async.errors import LedgerError
from plextera_async.ingest import ledger as ledger_module
from plextera_async.ingest.ledger import Ledger
from plextera_async.ingest.records import Records, next_key
from plextera_async.ingest.rows import Counts, Entry, OutMark, Row

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture(autouse=True)
def _no_waiting_for_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "_SECONDS_FOR_A_LOCK", 0.0)


def entry(name: str, **more: str) -> Entry:
    return Entry(identity=name.encode(), key=more.get("key", f"key of {name}"), source=name)


def enter(records: Records, name: str, *, run: int = 1) -> Row:
    row = records.enter(entry(name), run=run)
    assert row is not None
    return row


def done(path: Path, work: Callable[[Records], object]) -> None:
    with Ledger(path, create=True) as ledger, ledger.transaction():
        work(ledger.records)


def refusal(path: Path, *, create: bool = True) -> str:
    with pytest.raises(LedgerError) as caught:
        Ledger(path, create=create)
    return str(caught.value)


def test_what_is_written_is_there_the_next_time(path: Path):
    def write(records: Records) -> None:
        row = enter(records, "a.pdf")
        records.send(row.id, now=NOW)
        records.move(row.id, Event.CREATED, extraction_id="ext1")

    done(path, write)
    with Ledger(path, create=False) as ledger:
        row = ledger.records.row(1)

    assert (row.key, row.source, row.state, row.extraction_id) == (
        "key of a.pdf",
        "a.pdf",
        State.SUBMITTED,
        "ext1",
    )
    assert (row.run, row.sends, row.is_taken, row.error) == (1, 1, False, None)
    assert row.began is not None
    assert row.began.tzinfo is not None


def test_only_its_owner_may_read_it_and_the_files_beside_it(path: Path):
    before = os.umask(0)
    try:
        with Ledger(path, create=True) as ledger:
            with ledger.transaction():
                ledger.records.begin_run()
            modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
    finally:
        os.umask(before)

    assert modes.keys() >= {"ledger.sqlite", "ledger.sqlite-wal"}
    assert set(modes.values()) == {0o600}


def test_one_that_others_could_read_is_made_private(path: Path):
    done(path, Records.begin_run)
    path.chmod(0o644)
    done(path, Records.begin_run)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_syncs_each_commit_in_full(path: Path):
    with Ledger(path, create=True) as ledger:
        assert ledger._pragma("journal_mode") == "wal"
        assert ledger._pragma("synchronous") == 2
        assert ledger._pragma("user_version") == 1


def test_a_second_user_in_this_process_is_refused_until_the_first_has_closed(path: Path):
    with Ledger(path, create=True):
        assert refusal(path) == f"{path} is in use by another process: wait until that has ended"
    Ledger(path, create=False).close()


_HOLDER = """
import sys
from plextera_async.ingest.ledger import Ledger
ledger = Ledger(sys.argv[1], create=True)
print("held", flush=True)
sys.stdin.read()
"""


def test_another_process_keeps_it_until_it_ends_however_it_ends(path: Path):
    command = [sys.executable, "-c", _HOLDER, str(path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert "is in use by another process" in refusal(path)
        holder.kill()
        holder.wait(timeout=30)
    Ledger(path, create=False).close()


def test_a_ledger_that_is_to_be_there_is_not_made(path: Path):
    assert refusal(path, create=False) == f"{path} cannot be opened as a ledger: there is no such file"
    assert not path.exists()


def test_a_folder_is_no_ledger(tmp_path: Path):
    assert refusal(tmp_path) == f"{tmp_path} is a folder, not a ledger"


def test_it_is_not_made_in_a_folder_that_does_not_exist(tmp_path: Path):
    path = tmp_path / "nowhere" / "ledger.sqlite"

    assert refusal(path) == f"{path} cannot be opened as a ledger: its folder does not exist"


def test_it_cannot_lie_below_a_file(tmp_path: Path):
    (tmp_path / "file").touch()

    assert "Not a directory" in refusal(tmp_path / "file" / "ledger.sqlite")


def test_a_path_that_can_be_none_is_refused():
    assert "it is no usable path" in refusal(Path("a\0b"))


def test_a_text_is_no_ledger_and_stays_as_it_is(path: Path):
    path.write_text("dear diary, " * 100)
    path.chmod(0o644)

    assert "is no ledger: it is not an SQLite file" in refusal(path)
    assert path.read_text() == "dear diary, " * 100
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_the_database_of_another_program_stays_as_it_is(path: Path):
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.commit()
    other.close()
    before = path.read_bytes()

    assert refusal(path) == f"{path} is no ledger: it belongs to another program"
    assert path.read_bytes() == before


def test_a_name_that_means_something_else_to_sqlite_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    done(Path(":memory:"), lambda records: enter(records, "a.pdf"))

    with Ledger(Path(":memory:"), create=False) as ledger:
        assert ledger.records.counts() == Counts({State.FOUND: 1}, 0)


def test_an_empty_file_becomes_a_ledger(path: Path):
    path.touch()
    done(path, Records.begin_run)

    assert path.stat().st_size > 0


def test_a_ledger_of_a_newer_release_is_refused_and_stays_as_it_is(path: Path):
    done(path, Records.begin_run)
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 2")
    newer.commit()
    newer.close()
    before = path.read_bytes()

    assert "was written by a newer release of plextera_async" in refusal(path)
    assert path.read_bytes() == before


def test_a_damaged_ledger_is_refused(path: Path):
    done(path, lambda records: [enter(records, f"{number}.pdf") for number in range(500)])
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 2000] = b"\xff" * 2000
    path.write_bytes(content)

    assert "is damaged" in refusal(path)


def test_a_full_disk_is_told_and_what_was_written_is_safe(path: Path):
    done(path, lambda records: enter(records, "before.pdf"))
    with Ledger(path, create=False) as ledger:
        ledger._sql.execute("PRAGMA max_page_count = 1")
        with pytest.raises(LedgerError, match="cannot be written: the disk is full; what is in it is safe"):
            enter_many(ledger)
        assert ledger.records.counts() == Counts({State.FOUND: 1}, 0)


def test_a_ledger_that_cannot_be_written_is_told(path: Path):
    with Ledger(path, create=True) as ledger:
        ledger._sql.execute("PRAGMA query_only = 1")
        with pytest.raises(LedgerError, match="cannot be written: it is read-only"), ledger.transaction():
            ledger.records.begin_run()


def test_a_transaction_that_fails_leaves_nothing(path: Path):
    with Ledger(path, create=True) as ledger:
        with pytest.raises(RuntimeError):
            enter_many(ledger, fails=True)
        assert ledger.records.counts() == Counts({}, 0)


@pytest.fixture
def records(path: Path):
    with Ledger(path, create=True) as ledger:
        yield ledger.records


def test_a_document_is_met_once_in_each_run(records: Records):
    first = enter(records, "a.pdf", run=1)

    assert records.enter(entry("a.pdf"), run=1) is None
    again = records.enter(entry("a.pdf", key="another"), run=2)
    assert again is not None
    assert (again.id, again.key, again.run) == (first.id, first.key, 2)


def test_the_number_of_a_run_is_never_given_twice(records: Records):
    assert [records.begin_run() for _ in range(3)] == [1, 2, 3]


def enter_many(ledger: Ledger, *, fails: bool = False) -> None:
    with ledger.transaction():
        for number in range(1000):
            enter(ledger.records, f"{number}.pdf")
        if fails:
            raise RuntimeError


def end(records: Records, row: Row, event: Event = Event.COMPLETED) -> None:
    records.send(row.id, now=NOW)
    records.move(row.id, Event.CREATED, extraction_id=f"ext{row.id}")
    records.move(row.id, event)


def test_only_an_outcome_can_be_taken(records: Records):
    row = enter(records, "a.pdf")
    records.take(row.id)
    assert not records.row(row.id).is_taken
    end(records, row)
    records.take(row.id)
    assert records.row(row.id).is_taken


def test_what_a_run_has_not_met_is_left_over_until_its_outcome_is_taken(records: Records):
    rows = [enter(records, name, run=1) for name in ("met", "taken", "ended", "open")]
    for row in rows[1:3]:
        end(records, row)
    records.take(rows[1].id)
    records.enter(entry("met"), run=2)

    assert [row.source for row in records.left_over(run=2)] == ["ended", "open"]
    assert records.left_over(run=2) == []
    assert [row.source for row in records.left_over(run=3)] == ["met", "ended", "open"]


def test_the_first_time_counts_for_looking_it_up_whenever_it_is_sent_again(records: Records):
    row = enter(records, "a.pdf")
    first = records.send(row.id, now=NOW)
    records.move(row.id, Event.ABSENT)
    second = records.send(row.id, now=NOW)

    assert (first.sends, second.sends) == (1, 2)
    assert first.began == second.began is not None


def test_what_ended_has_the_id_that_counts_in_the_end(records: Records):
    row = enter(records, "a.pdf")
    records.send(row.id, now=NOW)
    records.move(row.id, Event.CREATED, extraction_id="ext1")
    ended = records.move(row.id, Event.COMPLETED, extraction_id="ext2")

    assert ended.extraction_id == "ext2"


def test_what_cannot_happen_is_not_written(records: Records):
    row = enter(records, "a.pdf")
    with pytest.raises(LedgerError, match="a document that is found cannot be noted as completed"):
        records.move(row.id, Event.COMPLETED)
    assert records.row(row.id).state is State.FOUND


def test_bytes_that_were_sent_are_not_sent_again(records: Records):
    first, second = enter(records, "a.pdf"), enter(records, "b.pdf")
    assert records.send(first.id, now=NOW, content_hash=b"same").id == first.id
    assert records.send(second.id, now=NOW, content_hash=b"same").id == first.id
    assert records.row(second.id).state is State.FOUND


@pytest.mark.parametrize("events", [(Event.RELEASED,), (Event.REFUSED,), (Event.ABSENT,)])
def test_bytes_that_turned_out_not_to_be_there_may_be_sent(records: Records, events: tuple[Event, ...]):
    first, second = enter(records, "a.pdf"), enter(records, "b.pdf")
    records.send(first.id, now=NOW, content_hash=b"same")
    for event in events:
        records.move(first.id, event)

    assert records.send(second.id, now=NOW, content_hash=b"same").id == second.id


def test_what_failed_on_the_server_is_done_anew_under_another_key(records: Records):
    row = enter(records, "a.pdf")
    end(records, row, Event.FAILED)
    records.take(row.id)
    anew = records.renew(row.id)

    assert (anew.state, anew.key, anew.extraction_id, anew.is_taken) == (
        State.FOUND,
        "key of a.pdf~2",
        None,
        False,
    )
    assert anew.began is None


def test_what_was_refused_before_keeps_its_key(records: Records):
    row = enter(records, "a.pdf")
    records.send(row.id, now=NOW)
    records.move(row.id, Event.REFUSED, error="PAYLOAD_TOO_LARGE")

    assert records.row(row.id).error == "PAYLOAD_TOO_LARGE"
    assert records.renew(row.id).key == row.key


def test_what_is_completed_cannot_be_done_anew(records: Records):
    row = enter(records, "a.pdf")
    end(records, row)
    with pytest.raises(LedgerError):
        records.renew(row.id)


@pytest.mark.parametrize(
    ("key", "following"), [("a", "a~2"), ("a~2", "a~3"), ("a~9", "a~10"), ("~x", "~x~2"), ("", "~2")]
)
def test_the_next_key_is_another_one(key: str, following: str):
    assert next_key(key) == following


def test_many_rows_are_given_in_pages_while_they_change(records: Records):
    ids = [enter(records, f"{number}.pdf").id for number in range(450)]
    seen = []
    for row in records.in_state(State.FOUND):
        seen.append(row.id)
        records.send(row.id, now=NOW)

    assert seen == ids
    assert records.counts() == Counts({State.SUBMITTING: 450}, 0)


def test_counts_tell_what_has_ended_and_was_not_taken(records: Records):
    rows = [enter(records, f"{number}.pdf") for number in range(4)]
    end(records, rows[0])
    end(records, rows[1])
    end(records, rows[2], Event.REJECTED)
    records.take(rows[0].id)
    counts = records.counts()

    assert counts == Counts({State.FOUND: 1, State.COMPLETED: 2, State.REJECTED: 1}, 2)
    assert not counts.is_all_completed
    assert Counts({State.COMPLETED: 2}, 0).is_all_completed
    assert not Counts({}, 0).is_all_completed


def test_a_document_is_found_by_its_key(records: Records):
    row = enter(records, "a.pdf")

    assert records.with_key("key of a.pdf") == row
    assert records.with_key("nobody's") is None


def test_the_mark_of_the_output_file_is_kept(records: Records):
    assert records.out_mark() is None
    mark = OutMark("/x/out.jsonl", 2**64 - 1, 10, 5, 77)
    records.set_out_mark(OutMark("/x/other"))
    records.set_out_mark(mark)

    assert records.out_mark() == mark


@pytest.mark.parametrize(
    ("damage", "work"),
    [
        ("UPDATE documents SET state = 'lying'", lambda records: records.row(1)),
        ("UPDATE documents SET state = 'lying'", lambda records: records.counts()),
        ("UPDATE documents SET began = '2026-99'", lambda records: list(records.in_state(State.FOUND))),
        ("UPDATE out_file SET inode = 'x'", lambda records: records.out_mark()),
    ],
)
def test_a_value_that_nobody_wrote_is_damage(path: Path, damage: str, work: Callable[[Records], object]):
    def write(records: Records) -> None:
        enter(records, "a.pdf")
        records.set_out_mark(OutMark("/x/out.jsonl"))

    done(path, write)
    with Ledger(path, create=False) as ledger:
        ledger._sql.execute(damage)
        with pytest.raises(LedgerError, match="is damaged: it holds a value that"), ledger.transaction():
            work(ledger.records)


def test_a_row_that_is_gone_is_told(records: Records):
    with pytest.raises(LedgerError, match="has lost a row"):
        records.row(99)


def test_a_file_that_must_not_be_written_is_told(path: Path, monkeypatch: pytest.MonkeyPatch):
    done(path, lambda records: enter(records, "a.pdf"))
    monkeypatch.setattr(os, "access", lambda _path, mode: mode != os.W_OK)  # as on a read-only disk

    assert refusal(path) == f"{path} cannot be written: it is read-only"


@pytest.mark.parametrize("fate", [None, Event.RELEASED, Event.REFUSED, Event.ABSENT])
def test_a_ledger_of_which_nothing_is_at_its_service_follows_to_another(path: Path, fate: Event | None):
    def write(records: Records) -> None:
        records.belong_to("https://one.example")
        row = enter(records, "a.pdf")
        if fate is not None:
            records.send(row.id, now=NOW)
            records.move(row.id, fate)

    done(path, write)
    done(path, lambda records: records.belong_to("https://two.example"))
    done(path, lambda records: records.move(enter(records, "b.pdf").id, Event.CREATED, extraction_id="ext"))

    with pytest.raises(LedgerError, match="belongs to"):
        done(path, lambda records: records.belong_to("https://one.example"))


@pytest.mark.parametrize("fate", [None, Event.LOST, Event.CREATED, Event.COMPLETED])
def test_a_ledger_of_which_something_may_be_at_its_service_is_refused_at_another(
    path: Path, fate: Event | None
):
    def write(records: Records) -> None:
        records.belong_to("https://one.example")
        row = enter(records, "a.pdf")
        records.send(row.id, now=NOW)
        if fate is Event.COMPLETED:
            records.move(row.id, Event.CREATED, extraction_id="ext")
        if fate is not None:
            records.move(row.id, fate, extraction_id="ext" if fate is Event.CREATED else None)

    done(path, write)
    with pytest.raises(LedgerError, match="use another ledger"):
        done(path, lambda records: records.belong_to("https://two.example"))
