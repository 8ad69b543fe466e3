"""The benchmark of waiting runs, in each of its arms; nothing is timed here."""

import json
from pathlib import Path

import pytest

from tests.benchmarks.waiting import ARMS, main


@pytest.mark.parametrize("arm", ARMS)
def test_each_arm_gives_figures(arm: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "waiting.json"

    (result,) = main(["--jobs", "8", "--scale", "100", "--arms", arm, "--json", str(file)])

    assert json.loads(file.read_text())["arms"] == [result]
    assert result["arm"] == arm
    assert result.get("left", 0) == 0
    assert result.get("finished", 8) >= (4 if "cancelled" in arm else 8)
    assert capsys.readouterr().out.count("\n") >= 3
