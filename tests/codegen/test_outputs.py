"""The generator's whole way: documents in, expected files out, the same bytes everywhere.

To accept a change of the output, for each case:
`python -m codegen --spec tests/codegen/specs/CASE.yaml --folder tests/codegen/expected/CASE`
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from codegen.__main__ import main

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CASES = sorted(path.stem for path in (HERE / "specs").glob("*.yaml"))


def _run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, *arguments),
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize("case", CASES)
def test_each_document_gives_the_expected_files(case, capsys):
    spec, folder = HERE / "specs" / f"{case}.yaml", HERE / "expected" / case

    code = main(["--check", "--spec", str(spec), "--folder", str(folder)])

    assert capsys.readouterr().out == ""
    assert code == 0


def test_every_expected_folder_has_its_document():
    assert sorted(path.name for path in (HERE / "expected").iterdir() if path.name[0] not in "_.") == CASES


def test_expected_files_pass_mypy(tmp_path):
    files = [str(path) for path in sorted((HERE / "expected").glob("*/*.py"))]

    done = _run("-m", "mypy", "--strict", "--cache-dir", str(tmp_path), *files, cwd=ROOT)

    assert done.stdout.startswith("Success"), done.stdout


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_bytes_depend_on_neither_hash_seed_nor_working_directory_nor_settings_found_there(tmp_path, seed):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "ruff.toml").write_text("line-length = 40\n[format]\nquote-style = 'single'\n")
    (elsewhere / "pyproject.toml").write_text("[tool.datamodel-codegen]\nsnake-case-field = false\n")
    spec = str(HERE / "specs" / "sent.yaml")

    done = _run(
        "-m", "codegen", "--spec", spec, "--folder", str(tmp_path / "out"), cwd=elsewhere, PYTHONHASHSEED=seed
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    written = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert written == {path.name: path.read_bytes() for path in (HERE / "expected" / "sent").glob("*.py")}


def test_check_shows_the_difference_writes_nothing_and_exits_1(tmp_path, capsys):
    arguments = ["--spec", str(HERE / "specs" / "events.yaml"), "--folder", str(tmp_path)]
    assert main(arguments) == 0
    models = tmp_path / "models.py"
    changed = models.read_text(encoding="utf-8").replace("class RunDone:", "class RunOver:")
    models.write_text(changed, encoding="utf-8")

    code = main([*arguments, "--check"])

    shown = capsys.readouterr().out
    assert code == 1
    assert "--- kept/models.py\n+++ generated/models.py\n" in shown
    assert "\n-class RunOver:\n+class RunDone:\n" in shown
    assert "operations.py" not in shown
    assert models.read_text(encoding="utf-8") == changed


def test_check_misses_a_file_that_is_not_there_and_one_with_other_line_ends(tmp_path, capsys):
    arguments = ["--spec", str(HERE / "specs" / "events.yaml"), "--folder", str(tmp_path)]
    assert main([*arguments, "--check"]) == 1
    assert main(arguments) == 0
    assert main([*arguments, "--check"]) == 0
    capsys.readouterr()
    operations = tmp_path / "operations.py"
    operations.write_bytes(operations.read_bytes().replace(b"\n", b"\r\n"))

    assert main([*arguments, "--check"]) == 1
    assert "operations.py" in capsys.readouterr().out


def test_a_document_that_cannot_be_expressed_is_one_line_on_stderr(tmp_path, capsys):
    spec = tmp_path / "odd.yaml"
    spec.write_text("[]")

    code = main(["--spec", str(spec), "--folder", str(tmp_path / "out")])

    assert code == 1
    assert capsys.readouterr().err == "odd.yaml#: the document must be an object\n"
    assert not (tmp_path / "out").exists()


def test_headers_say_how_the_file_came_to_be():
    for path in (HERE / "expected").glob("*/*.py"):
        first, second, third, *_ = path.read_text(encoding="utf-8").splitlines()
        assert "@generated" in first
        assert "Do not edit" in first
        assert "python -m codegen" in first
        assert re.fullmatch(r"# sha256 of the document: [0-9a-f]{64}", second)
        assert re.fullmatch(r"# datamodel-code-generator [0-9.]+, ruff [0-9.]+", third)
