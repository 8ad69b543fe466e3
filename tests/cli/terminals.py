"""Streams in the place of stdout and stderr, each a terminal or not."""

import io
import sys

import pytest


class Stream(io.TextIOWrapper):
    """A stream that is a terminal or not, and remembers what was written."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def text(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode()  # type: ignore[attr-defined] # it is the BytesIO from above


def streams(monkeypatch: pytest.MonkeyPatch, *, out: bool, err: bool) -> tuple[Stream, Stream]:
    made = Stream(is_terminal=out), Stream(is_terminal=err)
    monkeypatch.setattr(sys, "stdout", made[0])
    monkeypatch.setattr(sys, "stderr", made[1])
    return made
