"""Text that is fit for a terminal: no control characters, nothing that is taken for markup or another direction."""

import os

__all__ = ["clean", "readable_path"]

_LONGEST = 1000


def clean(text: object) -> str:
    """Give text on one line in which everything that does not print is escaped; long text is cut."""
    whole = str(text)
    shown = whole if len(whole) <= _LONGEST else f"{whole[:_LONGEST]}..."
    if shown.isprintable():
        return shown
    return "".join(map(_printable, shown))


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() else character.encode("unicode_escape").decode()


def readable_path(path: str | os.PathLike[str]) -> str:
    r"""Give a path as valid Unicode: bytes of a file name that are not UTF-8 appear as `\xNN`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
