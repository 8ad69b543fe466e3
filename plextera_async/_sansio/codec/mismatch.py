"""What does not fit, and how it is told: where, what was expected, what was found; never the value."""

from collections.abc import Mapping
from typing import Final

import attrs
import cattrs

from plextera_async._schema import wire_name

__all__ = ["MismatchError", "Problem", "problems"]

Problem = tuple[str, str, str]
"""JSON path, what was expected, what was found."""

_JSON_TYPES: Final[Mapping[type, str]] = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


class MismatchError(TypeError):
    """A value of the wrong type: says what was expected and found, never the value."""

    def __init__(self, expected: str, value: object) -> None:
        super().__init__(expected)
        self.expected = expected
        self.found = _JSON_TYPES.get(type(value), type(value).__name__)


def problems(failure: BaseException, path: str = "$") -> list[Problem]:
    """Find what is wrong, and where, in an error of the detailed converter."""
    if isinstance(failure, cattrs.ClassValidationError):
        wires = {a.name: wire_name(a) for a in attrs.fields(failure.cl)} if attrs.has(failure.cl) else {}
        named, others = failure.group_exceptions()
        steps = [(inner, f"{path}.{wires.get(note.name, note.name)}") for inner, note in named]
        return [row for inner, at in [*steps, *((o, path) for o in others)] for row in problems(inner, at)]
    if isinstance(failure, cattrs.IterableValidationError):
        indexed, others = failure.group_exceptions()
        steps = [
            (inner, f"{path}[{note.index if isinstance(note.index, int) else '*'}]")  # keys of maps are data
            for inner, note in indexed
        ]
        return [row for inner, at in [*steps, *((o, path) for o in others)] for row in problems(inner, at)]
    if isinstance(failure, MismatchError):
        return [(path, failure.expected, failure.found)]
    if isinstance(failure, KeyError):
        return [(path, "a required property", "nothing")]
    return [(path, "a value that fits the contract", "another")]
