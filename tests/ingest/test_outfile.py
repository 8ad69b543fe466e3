"""The file of results: what is cut, what is gone on with, what is refused."""

import os
import stat
from pathlib import Path

import pytest

from plextera_async.errors import ConfigurationError, LedgerError
from plextera_async.ingest.ledger import Ledger
from plextera_async.ingest.outfile import OutFile
from plextera_async.ingest.rows import OutMark


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out.jsonl"


@pytest.fixture
def ledger(tmp_path: Path):
    with Ledger(tmp_path / "ledger.sqlite", create=True) as opened:
        yield opened


def write(path: Path, ledger: Ledger, *lines: bytes, seal: bool = True) -> OutMark | None:
    out = OutFile.open(str(path), ledger.records.out_mark(), overwrite=False)
    for line in lines:
        out.append(line)
    if seal:
        out.seal(ledger.records)
    out.close()
    return ledger.records.out_mark()


def test_a_new_file_is_private_and_takes_lines(path: Path, ledger: Ledger):
    mark = write(path, ledger, b"one\n", b"two\n")

    assert path.read_bytes() == b"one\ntwo\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert mark is not None
    assert (mark.path, mark.length, mark.last_length) == (str(path), 8, 4)


@pytest.mark.parametrize("rest", [b"thr", b"three\n", b"three\nfour\nfi"])
def test_what_the_ledger_does_not_know_of_is_cut_off(path: Path, ledger: Ledger, rest: bytes):
    write(path, ledger, b"one\n", b"two\n")
    with path.open("ab") as file:
        file.write(rest)
    write(path, ledger, b"next\n")

    assert path.read_bytes() == b"one\ntwo\nnext\n"


def test_the_first_line_can_be_half_as_well(path: Path, ledger: Ledger):
    write(path, ledger)
    with path.open("ab") as file:
        file.write(b"hal")
    write(path, ledger, b"one\n")

    assert path.read_bytes() == b"one\n"


def test_a_file_that_lacks_lines_is_refused_and_stays_as_it_is(path: Path, ledger: Ledger):
    write(path, ledger, b"one\n", b"two\n")
    os.truncate(path, 6)
    with pytest.raises(LedgerError, match="is shorter than the ledger says: bring back the file"):
        write(path, ledger)

    assert path.read_bytes() == b"one\ntw"


def test_a_file_that_is_gone_is_not_begun_anew(path: Path, ledger: Ledger):
    write(path, ledger, b"one\n")
    path.unlink()
    with pytest.raises(LedgerError, match="is shorter than the ledger says"):
        write(path, ledger)

    assert not path.exists()


def test_a_file_that_is_gone_before_anything_was_in_it_is_made_again(path: Path, ledger: Ledger):
    write(path, ledger)
    path.unlink()
    write(path, ledger, b"one\n")

    assert path.read_bytes() == b"one\n"


@pytest.mark.parametrize("lines", [(b"one\n", b"two\n"), ()])
def test_another_file_is_refused_and_stays_as_it_is(path: Path, ledger: Ledger, lines: tuple[bytes, ...]):
    write(path, ledger, *lines)
    other = path.with_name("other")
    other.write_bytes(b"precious and long enough")
    with pytest.raises(LedgerError, match="is not the file that this ledger wrote to"):
        write(other, ledger)

    assert other.read_bytes() == b"precious and long enough"


def test_a_file_that_was_moved_is_the_same_file(path: Path, ledger: Ledger):
    write(path, ledger, b"one\n")
    moved = path.with_name("moved")
    moved.write_bytes(path.read_bytes())
    mark = write(moved, ledger, b"two\n")

    assert moved.read_bytes() == b"one\ntwo\n"
    assert mark is not None
    assert mark.path == str(moved)


def test_a_file_of_unknown_origin_is_replaced_only_if_that_is_asked_for(path: Path, ledger: Ledger):
    path.write_bytes(b"precious\n")
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="is there already: name another file, or give --overwrite"):
        write(path, ledger)
    assert path.read_bytes() == b"precious\n"
    OutFile.open(str(path), None, overwrite=True).close()

    assert path.read_bytes() == b""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_empty_file_may_have_been_made_by_a_run_that_was_killed(path: Path, ledger: Ledger):
    path.touch()
    write(path, ledger, b"one\n")

    assert path.read_bytes() == b"one\n"


@pytest.mark.parametrize("name", ["", "nowhere/out.jsonl"])
def test_what_cannot_be_a_file_is_refused(tmp_path: Path, name: str):
    with pytest.raises(ConfigurationError, match="cannot be written"):
        OutFile.open(str(tmp_path / name), None, overwrite=True)


def test_a_device_is_no_file_to_count_in():
    with pytest.raises(ConfigurationError, match="is no plain file"):
        OutFile.open(os.devnull, None, overwrite=True)


def test_lines_count_only_when_they_are_sealed(path: Path, ledger: Ledger):
    write(path, ledger, b"one\n")
    mark = write(path, ledger, b"two\n", seal=False)

    assert mark is not None
    assert mark.length == 4
