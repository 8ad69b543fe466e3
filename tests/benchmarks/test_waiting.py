"""The benchmark of waiting runs, in each of its arms; nothing is timed here."""

import pytest

from tests.benchmarks.waiting import ARMS, main


@pytest.mark.parametrize("arm", ARMS)
def test_each_arm_gives_figures(arm: str, capsys: pytest.CaptureFixture[str]) -> None:
    (result,) = main(["--jobs", "8", "--scale", "100", "--arms", arm])

    assert result["arm"] == arm
    assert result.get("left", 0) == 0
    assert result.get("finished", 8) >= (4 if "cancelled" in arm else 8)
    assert capsys.readouterr().out.count("\n") >= 3
