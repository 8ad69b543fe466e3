"""The converters: one that explains what does not fit, and a quick one for what does. The only place that knows cattrs."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import cache
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

import attrs
import cattrs
from cattrs.cols import is_mapping, is_sequence, list_structure_factory
from cattrs.cols import mapping_structure_factory as _mappings  # pyright: ignore[reportUnknownVariableType] # parameters without types
from cattrs.gen import make_dict_structure_fn, override

from plextera_async._generated import models
from plextera_async._sansio.codec.mismatch import MismatchError
from plextera_async._sansio.codec.scalars import (
    PRIMITIVES,
    moment,
    strict,
    structure_enum,
    unstructure_datetime,
)
from plextera_async._sansio.codec.text import is_array, is_object
from plextera_async._sansio.codec.written import is_answer, write, write_list
from plextera_async._schema import UNSET, OpenStrEnum, UnknownVariant, UnsetType, wire_name

__all__ = ["detailed", "quick"]

Hook = Callable[[Any, Any], Any]
Factory = Callable[[Any, cattrs.Converter], Hook]


@cache
def detailed() -> cattrs.Converter:
    """Build the converter whose results count, and whose errors tell everything that does not fit.

    - str, int, float, bool, lists and objects are taken only as what they are (an integer is also a number);
    - what stands where runs in runs were cut off is left out (the quick one takes that for a misfit);
    - enum values are known members or open ones that equal their text;
    - date-times are aware, in UTC when the text names no zone;
    - attribute names become wire names through `wire_name`;
    - unknown properties go to `.extra` and come back from it;
    - a union with an `UnknownVariant` is told apart by its tag.
    """
    converter = _with_rules(cattrs.Converter(detailed_validation=True), _lists)
    converter.register_structure_hook_factory(_has_gaps, _without_gaps)
    converter.register_structure_hook_factory(attrs.has, _structure_model)
    converter.register_unstructure_hook_factory(attrs.has, _unstructure_model)
    converter.register_unstructure_hook(datetime, unstructure_datetime)
    return converter


@cache
def quick() -> cattrs.Converter:
    """Build the converter that gives the same for what fits, several times as fast.

    It takes apart the data that it is given, and what it raises says nothing.
    """
    converter = _with_rules(cattrs.Converter(detailed_validation=False), write_list)
    converter.register_structure_hook_factory(attrs.has, _structure_model)
    converter.register_structure_hook_factory(is_answer, write)
    return converter


def _with_rules(converter: cattrs.Converter, lists: Factory) -> cattrs.Converter:
    for kind, (expected, accepted) in PRIMITIVES.items():
        converter.register_structure_hook(kind, strict(expected, accepted))
    converter.register_structure_hook(OpenStrEnum, structure_enum)
    converter.register_structure_hook(datetime, moment)
    converter.register_structure_hook_factory(is_sequence, lists)
    converter.register_structure_hook_factory(is_mapping, _only(dict, "object", _mappings))  # pyright: ignore[reportUnknownArgumentType] # as above
    converter.register_structure_hook_factory(_is_tagged_union, _structure_event)
    return converter


_PLAIN: Final = (Any, list[Any] | None, str, dict[str, str])
"""What is plain already, and perhaps too deep to walk over again."""


def _only(kind: type, expected: str, factory: Factory) -> Factory:
    """Wrap a collection's factory so that it takes nothing but JSON's own form of it."""

    def build(type_: Any, converter: cattrs.Converter) -> Hook:
        inner = factory(type_, converter)

        def structure(value: Any, wanted: Any) -> Any:
            if type(value) is not kind:
                raise MismatchError(expected, value)
            return inner(value, wanted)

        return structure

    return build


_lists: Final = _only(list, "array", list_structure_factory)


_GAPS: Final[dict[Any, object]] = {models.RunStep: None, models.WorkflowRun: {}}
"""What stands where runs in runs were cut off: `steps: [null]` in the documentation's samples, an empty object as a run in
the answers of servers that are generated from an OpenAPI document."""


def _has_gaps(type_: Any) -> bool:
    return bool(is_sequence(type_)) and get_args(type_)[0] in _GAPS


def _without_gaps(type_: Any, converter: cattrs.Converter) -> Hook:
    inner, gap = _lists(type_, converter), _GAPS[get_args(type_)[0]]

    def structure(value: Any, wanted: Any) -> Any:
        if not is_array(value) or gap not in value:
            return inner(value, wanted)
        return inner([item for item in value if item != gap], wanted)

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
            raise MismatchError("object", value)
        nulls = [name for name in empty_if_null if value.get(name, ()) is None]
        present = {name: item for name, item in value.items() if name not in nulls} if nulls else value
        model = build(present, wanted)
        if keeps and not known.issuperset(value):
            unknown = {name: item for name, item in value.items() if name not in known}
            object.__setattr__(model, "extra", unknown)  # frozen for users; not yet handed out
        return model

    return structure


def _without_unset(type_: Any) -> Any:
    rest = [member for member in get_args(type_) if member is not UnsetType]
    return rest[0] if len(rest) == 1 and get_origin(type_) is UnionType else type_


def _unstructure_model(cls: type[Any], converter: cattrs.Converter) -> Callable[[Any], Any]:
    if issubclass(cls, UnknownVariant):
        return lambda model: dict(model.raw)
    rows = [
        (a.name, wire_name(a), a.default is None, _without_unset(a.type) in _PLAIN)
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


def _structure_event(_: Any, converter: cattrs.Converter) -> Hook:
    def structure(value: Any, _: Any) -> Any:
        if not is_object(value):
            raise MismatchError("object", value)
        tag = value.get(models.EVENT_TAG)
        if type(tag) is not str:
            raise MismatchError(f"object with a string {models.EVENT_TAG}", value)
        known = models.EVENT_VARIANTS.get(tag)
        if known is not None:
            return converter.structure(value, known)
        return _unknown_event(value, converter)

    return structure


def _unknown_event(value: dict[str, Any], converter: cattrs.Converter) -> Any:
    """Build the fallback from the parts of the envelope that can be read; the whole of it stays in `.raw`."""
    parts: dict[str, Any] = {}
    for attribute in attrs.fields(attrs.resolve_types(models.UnknownEvent)):
        found = value.get(wire_name(attribute))
        type_: Any = attribute.type
        if attribute.name != "raw" and found is not None:
            with suppress(MismatchError):  # what a new kind of event means by it is not ours to say
                parts[attribute.name] = converter.structure(found, type_)
    return models.UnknownEvent(raw=value, **parts)
