"""What generated models stand on: absent values, open enums, wire names, constraints; attrs and the standard library only."""

import enum
import functools
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Self, TypedDict, Unpack

import attrs


class UnsetType(enum.Enum):
    """The type of `UNSET`; an enum of one member, so that type checkers narrow `is not UNSET`."""

    UNSET = "UNSET"

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final[UnsetType] = UnsetType.UNSET
"""Marks a request field that is not sent at all; `None` is sent as null."""


class OpenStrEnum(enum.StrEnum):
    """A string enum that keeps values it does not know, because servers add values and old clients must read them.

    An unknown value becomes a member of its own: equal to its string and to nothing else, so compare with
    `==`, not with `is`. Values that are not strings are refused with ValueError.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        # A fresh object each time: remembering them would let a server fill the memory.
        member = str.__new__(cls, value)
        member._name_ = member._value_ = str.__str__(value)
        return member

    @property
    def is_known(self) -> bool:
        """Whether this release knows the value."""
        return self._value_ in type(self)._value2member_map_

    def __reduce_ex__(self, protocol: object) -> tuple[type[Self], tuple[str]]:
        # Some 3.11 releases reduce to the member's name, which an unknown value does not have.
        return type(self), (self._value_,)


class _NoExtra(Mapping[str, Any]):
    """The empty mapping that every model without unknown properties shares."""

    __slots__ = ()

    def __getitem__(self, key: str) -> Any:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "{}"

    def __reduce__(self) -> str:
        return "NO_EXTRA"


NO_EXTRA: Final[Mapping[str, Any]] = _NoExtra()
"""Default of every `extra` attribute: immutable, so that one object serves all models."""


def no_items() -> list[Any]:
    """Make the list of an answer that has none."""
    return []


@attrs.frozen(kw_only=True)
class UnknownVariant:
    """A member of a tagged union whose tag this release does not know."""

    raw: Mapping[str, Any] = attrs.field(repr=False)
    """The whole object as it came."""


_WIRE: Final = "wire"


def wire(name: str) -> dict[str, str]:
    """Make the metadata of an attribute whose JSON name is not its own name in camelCase."""
    return {_WIRE: name}


def wire_name(attribute: "attrs.Attribute[Any]") -> str:
    """Tell the JSON name of a model's attribute."""
    name: str | None = attribute.metadata.get(_WIRE)
    return _camel_case(attribute.name) if name is None else name


@functools.lru_cache(maxsize=1024)
def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class ConstraintError(ValueError):
    """A value breaks a rule of the API's contract; nothing was sent.

    Attributes:
        path: Where, in JSON names, for example `eventTypes[2]`.
        rule: What is asked, and by how much it is missed; never the value itself.
    """

    def __init__(self, path: str, rule: str) -> None:
        super().__init__(path, rule)
        self.path = path
        self.rule = rule

    def __str__(self) -> str:
        return f"{self.path}: {self.rule}"


class Rules(TypedDict, total=False):
    """The rules that `check` knows, named as in JSON Schema."""

    min_length: int
    max_length: int
    not_blank: bool
    pattern: str
    one_of: "type[OpenStrEnum]"
    ge: float
    gt: float
    le: float
    lt: float
    multiple_of: float
    min_items: int
    max_items: int
    unique_items: bool
    min_properties: int
    max_properties: int
    each: "Check"
    keys: "Check"
    values: "Check"


Problem = tuple[str, str] | None
"""Path below the attribute and rule, or None when all is well."""


@attrs.frozen
class Check:
    """An attrs validator made by `check`, and a link in the chain of another one."""

    types: tuple[type, ...]
    nullable: bool
    rules: tuple[tuple[Callable[[Any, Any], Problem], Any], ...]

    def __call__(self, _model: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        """Raise ConstraintError when *value* breaks a rule; `UNSET` never does."""
        if value is not UNSET and (problem := self.problem(value)):
            raise ConstraintError(wire_name(attribute) + problem[0], problem[1])

    def problem(self, value: object) -> Problem:
        """Find the first broken rule, the Python type before all others."""
        if value is None and self.nullable:
            return None
        if self.types and not _is_one_of(value, self.types):
            expected = " or ".join(kind.__name__ for kind in self.types)
            infinite = isinstance(value, float) and not math.isfinite(value)
            return "", f"must be {expected}, is {'not finite' if infinite else type(value).__name__}"
        for rule, limit in self.rules:
            if problem := rule(value, limit):
                return problem
        return None


def check(*types: type, nullable: bool = False, **rules: Unpack[Rules]) -> Check:
    """Make the validator of one attribute.

    Args:
        types: Python types of which the value must be one; none means any. `float` takes an int as well,
            `int` and `float` take no bool, and `float` neither NaN nor infinity.
        nullable: Whether None is allowed.
        rules: What else must hold. Lengths count code points and stay within the maximum in UTF-16 units too,
            because the contract does not say which of them the server counts.
    """
    return Check(types, nullable, tuple((_RULES[name], limit) for name, limit in rules.items()))


def _is_one_of(value: object, types: tuple[type, ...]) -> bool:
    if type(value) in types and type(value) is not float:  # nearly always
        return True
    if isinstance(value, bool):
        return bool in types
    if float not in types:
        return isinstance(value, types)
    return isinstance(value, (*types, int)) and not (isinstance(value, float) and not math.isfinite(value))


def _size(value: str | Sequence[object] | Mapping[str, object]) -> int:
    """Count UTF-16 units of a text, which are never fewer than its code points; else items or entries."""
    if not isinstance(value, str) or value.isascii():
        return len(value)
    return len(value.encode("utf-16-le", "surrogatepass")) // 2


def _at_least(noun: str) -> Callable[[Any, int], Problem]:
    def rule(value: Any, limit: int) -> Problem:
        return ("", f"must have at least {limit} {noun}, has {len(value)}") if len(value) < limit else None

    return rule


def _at_most(noun: str) -> Callable[[Any, int], Problem]:
    def rule(value: Any, limit: int) -> Problem:
        size = _size(value)
        return ("", f"must have at most {limit} {noun}, has {size}") if size > limit else None

    return rule


def _bound(holds: Callable[[Any, Any], bool], words: str) -> Callable[[Any, float], Problem]:
    def rule(value: float, limit: float) -> Problem:
        return None if holds(value, limit) else ("", f"must be {words} {limit}")

    return rule


def _is_multiple(value: float, step: float) -> bool:
    if isinstance(value, int) and isinstance(step, int):
        return value % step == 0
    return abs(math.remainder(value, step)) <= abs(step) * 1e-9  # 0.3 is no multiple of 0.1 in binary


def _not_blank(value: str, _wanted: object) -> Problem:
    return None if value.strip() else ("", "must not be blank")


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    # JSON Schema speaks ECMA-262, where a closing `$` does not stop short of a line end.
    return re.compile(re.sub(r"(?<!\\)((?:\\\\)*)\$$", r"\1\\Z", pattern))


def _pattern(value: str, pattern: str) -> Problem:
    return None if _compiled(pattern).search(value) else ("", f"must match {pattern}")


def _one_of(value: str, kind: type[OpenStrEnum]) -> Problem:
    # Answers may hold values that this release does not know; a request with one is most likely misspelt.
    return None if kind(value).is_known else ("", f"must be one of {', '.join(kind)}")


def _unique_items(value: Sequence[object], _wanted: object) -> Problem:
    repeated = any(item in value[:index] for index, item in enumerate(value))
    return ("", "must not hold an item twice") if repeated else None


def _each(value: Sequence[object], item: Check) -> Problem:
    problems = ((index, item.problem(element)) for index, element in enumerate(value))
    return next(((f"[{index}]{found[0]}", found[1]) for index, found in problems if found), None)


# Keys are the caller's data: the path of an entry does not show them.
def _keys(value: Mapping[str, object], key: Check) -> Problem:
    return next((("", f"a key {found[1]}") for found in map(key.problem, value) if found), None)


def _values(value: Mapping[str, object], entry: Check) -> Problem:
    problems = map(entry.problem, value.values())
    return next(((f".*{found[0]}", found[1]) for found in problems if found), None)


_RULES: Final[Mapping[str, Callable[[Any, Any], Problem]]] = {
    "min_length": _at_least("characters"),
    "max_length": _at_most("characters"),
    "not_blank": _not_blank,
    "pattern": _pattern,
    "one_of": _one_of,
    "ge": _bound(operator.ge, "at least"),
    "gt": _bound(operator.gt, "more than"),
    "le": _bound(operator.le, "at most"),
    "lt": _bound(operator.lt, "less than"),
    "multiple_of": _bound(_is_multiple, "a multiple of"),
    "min_items": _at_least("items"),
    "max_items": _at_most("items"),
    "unique_items": _unique_items,
    "min_properties": _at_least("entries"),
    "max_properties": _at_most("entries"),
    "each": _each,
    "keys": _keys,
    "values": _values,
}
