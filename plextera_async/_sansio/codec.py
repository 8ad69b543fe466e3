"""Bytes to models and back: the one converter, and the only place that knows cattrs."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from types import UnionType
from typing import Any, Final, TypeGuard, TypeVar, Union, get_args, get_origin

import attrs
import cattrs
import msgspec
from cattrs.cols import is_mapping, is_sequence, list_structure_factory
from cattrs.cols import mapping_structure_factory as _mappings  # pyright: ignore[reportUnknownVariableType] # parameters without types
from cattrs.gen import make_dict_structure_fn, override

from plextera_async._generated import models
from plextera_async._schema import UNSET, OpenStrEnum, UnknownVariant, wire_name
from plextera_async.errors import DecodeError

__all__ = ["decode", "encode", "is_array", "is_object", "parse", "plain", "to_json"]

T = TypeVar("T")
Hook = Callable[[Any, Any], Any]

_MOST_PROBLEMS = 20
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})?", re.ASCII)
_JSON_TYPES: Final[Mapping[type, str]] = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


class _MismatchError(TypeError):
    """A value of the wrong type: says what was expected and found, never the value."""

    def __init__(self, expected: str, value: object) -> None:
        super().__init__(expected)
        self.expected = expected
        self.found = _JSON_TYPES.get(type(value), type(value).__name__)


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Say whether a value from `parse` is a JSON object."""
    return type(value) is dict


def is_array(value: Any) -> TypeGuard[list[Any]]:
    """Say whether a value from `parse` is a JSON array."""
    return type(value) is list


def parse(content: bytes) -> Any:
    """Read JSON text into dicts, lists and scalars.

    Raises:
        DecodeError: If it is empty, not UTF-8, not JSON, or nested too deeply.
    """
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        found = "something else" if content else "nothing"
    raise DecodeError([("$", "JSON", found)])


def decode(data: bytes | Any, type_: type[T]) -> T:
    """Turn JSON text, or what `parse` gave, into *type_*.

    Unknown properties are kept in `.extra`, unknown enum values as raw values, unknown events as `UnknownEvent`;
    null is taken wherever a property is optional; a wrong primitive type is an error, never coerced.

    Raises:
        DecodeError: If it does not fit; all problems (at most 20) with JSON path, expected and found type.
    """
    value = parse(data) if isinstance(data, bytes) else data
    try:
        return _converter().structure(value, type_)
    except (cattrs.BaseValidationError, _MismatchError, RecursionError) as failure:
        problems = _problems(failure, "$")[:_MOST_PROBLEMS]
    raise DecodeError(problems)  # outside the except block: cattrs' own errors hold values


def encode(model: Any) -> bytes:
    """Turn a model into JSON text: what is UNSET, or None where that means absent, is left out; `.extra` comes back."""
    return to_json(plain(model))


def plain(model: Any) -> Any:
    """Turn a model into dicts, lists and scalars under their wire names; as `encode` does, short of the text."""
    return _converter().unstructure(model)


def to_json(value: Any) -> bytes:
    """Turn plain data into JSON text. NaN and text that is not Unicode must have been refused before."""
    return msgspec.json.encode(value)


@cache
def _converter() -> cattrs.Converter:
    """Build the one converter.

    - str, int, float, bool, lists and objects are taken only as what they are (an integer is also a number);
    - nulls among the steps of a run are left out;
    - enum values are known members or open ones that equal their text;
    - date-times are aware, in UTC when the text names no zone;
    - attribute names become wire names through `wire_name`;
    - unknown properties go to `.extra` and come back from it;
    - a union with an `UnknownVariant` is told apart by its tag.
    """
    converter = cattrs.Converter(detailed_validation=True)
    for kind, expected, accepted in _PRIMITIVES:
        converter.register_structure_hook(kind, _strict(expected, accepted))
    converter.register_structure_hook(OpenStrEnum, _structure_enum)
    converter.register_structure_hook(datetime, _structure_datetime)
    converter.register_unstructure_hook(datetime, _unstructure_datetime)
    converter.register_structure_hook_factory(is_sequence, _only(list, "array", list_structure_factory))
    converter.register_structure_hook_factory(_has_gaps, _without_gaps)
    converter.register_structure_hook_factory(is_mapping, _only(dict, "object", _mappings))  # pyright: ignore[reportUnknownArgumentType] # as above
    converter.register_structure_hook_factory(attrs.has, _structure_model)
    converter.register_unstructure_hook_factory(attrs.has, _unstructure_model)
    converter.register_structure_hook_func(_is_tagged_union, _structure_event)
    return converter


_ANY_JSON: Final = (Any, list[Any] | None)  # plain already, and perhaps too deep to walk over again
_PRIMITIVES: Final = (
    (str, "string", (str,)),
    (int, "integer", (int,)),
    (bool, "boolean", (bool,)),
    (float, "number", (float, int)),
)


def _strict(expected: str, accepted: tuple[type, ...]) -> Hook:
    def structure(value: Any, _: Any) -> Any:
        if type(value) not in accepted:
            raise _MismatchError(expected, value)
        return value

    return structure


def _structure_enum(value: Any, kind: type[OpenStrEnum]) -> OpenStrEnum:
    if type(value) is not str:
        raise _MismatchError("string", value)
    return kind(value)


def _structure_datetime(value: Any, _: Any) -> datetime:
    if isinstance(value, str) and _DATE_TIME.fullmatch(value):
        try:
            moment = datetime.fromisoformat(value.upper())
        except ValueError:
            raise _MismatchError("date-time", value) from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise _MismatchError("date-time", value)


def _unstructure_datetime(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _only(kind: type, expected: str, factory: Callable[[Any, cattrs.Converter], Hook]) -> Any:
    """Wrap a collection's factory so that it takes nothing but JSON's own form of it."""

    def build(type_: Any, converter: cattrs.Converter) -> Hook:
        inner = factory(type_, converter)

        def structure(value: Any, wanted: Any) -> Any:
            if type(value) is not kind:
                raise _MismatchError(expected, value)
            return inner(value, wanted)

        return structure

    return build


def _has_gaps(type_: Any) -> bool:
    """Say whether null stands for an item in the documentation's samples: there, nested runs end in `steps: [null]`."""
    return bool(is_sequence(type_)) and get_args(type_) == (models.RunStep,)


def _without_gaps(type_: Any, converter: cattrs.Converter) -> Hook:
    inner = _only(list, "array", list_structure_factory)(type_, converter)

    def structure(value: Any, wanted: Any) -> Any:
        if not is_array(value) or None not in value:
            return inner(value, wanted)
        return inner([step for step in value if step is not None], wanted)

    return structure


def _structure_model(cls: type[Any], converter: cattrs.Converter) -> Hook:
    names = {a.name: wire_name(a) for a in attrs.fields(cls) if a.name != "extra"}
    renames = {name: override(rename=wire) for name, wire in names.items()}
    build = make_dict_structure_fn(cls, converter, extra=override(omit=True), **renames)  # type: ignore[arg-type] # cattrs takes overrides by attribute name
    known = frozenset(names.values())
    keeps = any(a.name == "extra" for a in attrs.fields(cls))
    empty_if_null = frozenset(wire_name(a) for a in attrs.fields(cls) if hasattr(a.default, "factory"))

    def structure(value: Any, wanted: Any) -> Any:
        if not is_object(value):
            raise _MismatchError("object", value)
        nulls = [name for name in empty_if_null if value.get(name, ()) is None]
        present = {name: item for name, item in value.items() if name not in nulls} if nulls else value
        model = build(present, wanted)
        if keeps and not known.issuperset(value):
            unknown = {name: item for name, item in value.items() if name not in known}
            object.__setattr__(model, "extra", unknown)  # frozen for users; not yet handed out
        return model

    return structure


def _unstructure_model(cls: type[Any], converter: cattrs.Converter) -> Callable[[Any], Any]:
    if issubclass(cls, UnknownVariant):
        return lambda model: dict(model.raw)
    rows = [
        (a.name, wire_name(a), a.default is None, a.type in _ANY_JSON)
        for a in attrs.fields(attrs.resolve_types(cls))
        if a.name != "extra"
    ]

    def unstructure(model: Any) -> dict[str, Any]:
        plain: dict[str, Any] = dict(getattr(model, "extra", ()))
        for name, wire, none_is_absent, is_plain in rows:
            value = getattr(model, name)
            if value is not UNSET and not (value is None and none_is_absent):
                plain[wire] = value if is_plain else converter.unstructure(value)
        return plain

    return unstructure


def _is_tagged_union(type_: Any) -> bool:
    return get_origin(type_) in (Union, UnionType) and any(
        isinstance(member, type) and issubclass(member, UnknownVariant) for member in get_args(type_)
    )


def _structure_event(value: Any, _: Any) -> Any:
    if not is_object(value):
        raise _MismatchError("object", value)
    tag = value.get(models.EVENT_TAG)
    if type(tag) is not str:
        raise _MismatchError(f"object with a string {models.EVENT_TAG}", value)
    known = models.EVENT_VARIANTS.get(tag)
    if known is not None:
        return _converter().structure(value, known)
    return _unknown_event(value)


def _unknown_event(value: dict[str, Any]) -> Any:
    """Build the fallback from the parts of the envelope that can be read; the whole of it stays in `.raw`."""
    parts: dict[str, Any] = {}
    for attribute in attrs.fields(attrs.resolve_types(models.UnknownEvent)):
        found = value.get(wire_name(attribute))
        type_: Any = attribute.type
        if attribute.name != "raw" and found is not None:
            with suppress(_MismatchError):  # what a new kind of event means by it is not ours to say
                parts[attribute.name] = _converter().structure(found, type_)
    return models.UnknownEvent(raw=value, **parts)


def _problems(failure: BaseException, path: str) -> list[tuple[str, str, str]]:
    if isinstance(failure, cattrs.ClassValidationError):
        wires = {a.name: wire_name(a) for a in attrs.fields(failure.cl)} if attrs.has(failure.cl) else {}
        named, others = failure.group_exceptions()
        steps = [(inner, f"{path}.{wires.get(note.name, note.name)}") for inner, note in named]
        return [row for inner, at in [*steps, *((o, path) for o in others)] for row in _problems(inner, at)]
    if isinstance(failure, cattrs.IterableValidationError):
        indexed, others = failure.group_exceptions()
        steps = [
            (inner, f"{path}[{note.index if isinstance(note.index, int) else '*'}]")  # keys of maps are data
            for inner, note in indexed
        ]
        return [row for inner, at in [*steps, *((o, path) for o in others)] for row in _problems(inner, at)]
    if isinstance(failure, _MismatchError):
        return [(path, failure.expected, failure.found)]
    if isinstance(failure, KeyError):
        return [(path, "a required property", "nothing")]
    return [(path, "a value that fits the contract", "another")]
