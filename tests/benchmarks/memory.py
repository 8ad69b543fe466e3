"""How far a process's memory rose above where it stood."""

import re
from pathlib import Path

__all__ = ["Growth"]

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"


class Growth:
    """Watches from its making on. Linux only: elsewhere the peak cannot be set back, and nothing is said."""

    def __init__(self) -> None:
        self._works = _STATUS.exists() and _CLEAR.exists()
        if self._works:
            _CLEAR.write_text(_RESET_PEAK)
            self._before = _read("VmRSS")

    def bytes(self) -> int:
        """Give the peak since then, above what was in use then."""
        return _read("VmHWM") - self._before if self._works else 0


def _read(name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024
