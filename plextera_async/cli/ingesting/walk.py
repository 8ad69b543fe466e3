"""From what a user names to documents: folders, files and patterns, in a fixed order and no faster than they are taken."""

import os
import stat
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import attrs

__all__ = ["Found", "walk"]


@attrs.frozen
class Found:
    """A path to take as a document, or one that nothing can be taken from."""

    path: Path
    problem: str | None = None


def walk(names: Sequence[str], *, leave_out: Sequence[str] = ()) -> Iterator[Found]:
    """Give every document that the names stand for, each once.

    A file stands for itself and a folder for all files below it, in the order of their names; files and folders whose
    name begins with a dot are passed over, and so are links to folders, unless they are named. A name that does not
    exist is a pattern when it holds `*`, `?` or `[`; `**` stands for any number of folders.

    Args:
        names: As the user wrote them.
        leave_out: Files that are no documents, such as the one that results are written to.

    No more than the names in one folder, and in those above it, are held at a time; and with more than one name
    or a pattern, the paths already given.
    """
    taken: set[str] = set()
    may_repeat = len(names) > 1 or any(map(_is_pattern, names))
    left_out = {os.path.realpath(path) for path in leave_out}
    for name in names:
        for found in _named(name):
            real = os.path.realpath(found.path)
            if real in left_out or real in taken:
                continue
            if may_repeat:
                taken.add(real)
            yield found


def _named(name: str) -> Iterator[Found]:
    if os.path.lexists(name) or not _is_pattern(name):
        yield from _below(Path(name))
        return
    pattern = Path(name)
    has_match = False
    for match in _matches(Path(pattern.anchor), pattern.parts[bool(pattern.anchor) :]):
        has_match = True
        yield from _below(match)
    if not has_match:
        yield Found(pattern, "nothing matches this pattern")


def _is_pattern(name: str) -> bool:
    return any(character in name for character in "*?[")


def _below(top: Path) -> Iterator[Found]:
    """Give a file, or all files below a folder. A stack and no recursion: trees may be deep."""
    levels = [iter([top])]
    while levels:
        path = next(levels[-1], None)
        if path is None:
            levels.pop()
        elif not _is_folder(path):
            yield Found(path)
        elif path == top or not path.is_symlink():
            try:
                levels.append(_inside(path))
            except OSError as failure:
                yield Found(path, f"the folder cannot be read: {failure.strerror}")


def _inside(folder: Path) -> Iterator[Path]:
    names = _names(folder)  # now, so that the caller meets the failure
    return (folder / name for name in names if not name.startswith("."))


def _names(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries)


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError):  # `Path.is_dir` raises when a folder above it is closed to us
        return False


def _matches(folder: Path, parts: Sequence[str]) -> Iterator[Path]:
    """Give what matches the parts of a pattern below a folder; what cannot be listed matches nothing, as in a shell."""
    if not parts:
        yield folder
        return
    part, rest = parts[0], parts[1:]
    for path in _candidates(folder, part, is_last=not rest):
        yield from _matches(path, rest)


def _candidates(folder: Path, part: str, *, is_last: bool) -> Iterator[Path]:
    if part == "**":
        yield from [folder] if is_last else _folders(folder)
    elif _is_pattern(part):
        for name in _listed(folder):
            if fnmatchcase(name, part) and (part.startswith(".") or not name.startswith(".")):
                yield folder / name
    elif os.path.lexists(folder / part):
        yield folder / part


def _folders(top: Path) -> Iterator[Path]:
    """Give a folder and all folders below it that are neither hidden nor links."""
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        yield folder
        inside = [folder / name for name in _listed(folder) if not name.startswith(".")]
        waiting.extend(path for path in reversed(inside) if _is_folder(path) and not path.is_symlink())


def _listed(folder: Path) -> list[str]:
    try:
        return _names(folder)
    except OSError:
        return []
