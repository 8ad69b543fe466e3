import logging
import sys

import pytest

from plextera_async.cli.showing.notices import retry_notices

LIBRARY = logging.getLogger("plextera_async")
REQUESTS = logging.getLogger("plextera_async.requests")


@pytest.mark.parametrize(("is_terminal", "shown"), [(True, "plextera: getFile; next\\x1b\n"), (False, "")])
def test_attempts_to_come_are_told_on_a_terminal_only(
    *, is_terminal: bool, shown: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    before = LIBRARY.level

    with retry_notices():
        REQUESTS.debug("an attempt")
        REQUESTS.info("%s; next\x1b", "getFile")
        REQUESTS.info("the same trouble, met by a thousand others at the same time")
    REQUESTS.info("afterwards")

    assert capsys.readouterr().err == shown
    assert (LIBRARY.level, LIBRARY.handlers) == (before, [])


def test_what_may_go_on_for_hours_is_told_once_a_minute_where_nobody_looks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    monkeypatch.setattr("plextera_async.cli.showing.notices.time.monotonic", lambda: now)

    with retry_notices(always=True):
        for now in (1000.0, 1030.0, 1061.0):
            REQUESTS.info("no answer at %d", now)

    assert capsys.readouterr().err == "plextera: no answer at 1000\nplextera: no answer at 1061\n"


def test_a_progress_bar_can_say_it_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    said: list[str] = []

    with retry_notices(said.append):
        logging.getLogger("plextera_async.waits").info("no connection; waiting on")

    assert said == ["no connection; waiting on"]
