import logging
import sys

import pytest

from plextera_async.cli.showing.notices import retry_notices

LOG = logging.getLogger("plextera_async.requests")


@pytest.mark.parametrize(("is_terminal", "shown"), [(True, "plextera: getFile; next\\x1b\n"), (False, "")])
def test_attempts_to_come_are_told_on_a_terminal_only(
    *, is_terminal: bool, shown: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    before = LOG.level

    with retry_notices():
        LOG.info("%s; next\x1b", "getFile")
        LOG.debug("an attempt")
    LOG.info("afterwards")

    assert capsys.readouterr().err == shown
    assert (LOG.level, LOG.handlers) == (before, [])
