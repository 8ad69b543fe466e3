"""Functions written per class, which make models of answers that fit.

cattrs calls a function for each value, and attrs sets each attribute of a frozen class by way of `object.__setattr__`:
for these small models, that is most of what decoding costs. So a class of answers gets one function in which the
checks of its plain values stand written out. It takes the known properties out of the object, so that what is left is
`.extra`; and it fills a shell, a class with the same slots that is not frozen, which then becomes the model.

What is not quite usual goes to the hooks of the converter.
"""

from collections.abc import Callable
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin

import attrs
import cattrs

from plextera_async._sansio.codec.scalars import moment
from plextera_async._schema import NO_EXTRA, OpenStrEnum, wire_name

__all__ = ["forget", "is_answer", "write", "write_list"]

Hook = Callable[[Any, Any], Any]
Names = dict[str, Any]


class _MisfitError(TypeError):
    """Something does not fit; the detailed converter will say what."""


_WRONG: Final = {
    str: "type(item) is not str",
    int: "type(item) is not int",
    bool: "type(item) is not bool",
    float: "type(item) is not float and type(item) is not int",
}

_ARE_TEXTS: Final = frozenset({str}).issuperset

_VOCABULARIES: Final = frozenset({"code", "mime_type", "status", "type"})
"""Attributes whose values are few: equal texts are kept once per answer, and so are those in `.extra`."""

_seen: dict[Any, Any] = {}
forget = _seen.clear
"""Lets go of the texts, once an answer is decoded. Two threads that share them do each other no harm."""

_FRAME: Final = """
def structure(value, _):
    if type(value) is not dict:
        raise misfit
    model = shell()
{body}
    if value:
        model.extra = extra = {{}}
        for name, item in value.items():
            extra[name] = share(item, item) if type(item) is str else item
    else:
        model.extra = no_extra
    model.__class__ = kind
    return model
"""


def is_answer(type_: Any) -> bool:
    """Say whether a type is a model of answers: it keeps what it does not know, and checks nothing itself."""
    return (
        attrs.has(type_)
        and "extra" in vars(type_).get("__slots__", ())
        and type_.__bases__ == (object,)
        and not any(a.validator or a.converter for a in attrs.fields(type_))
    )


def write(cls: type[Any], converter: cattrs.Converter) -> Hook:
    """Write the function of a class."""
    names: Names = {
        "kind": cls,
        "shell": type(cls.__name__, (), {"__slots__": cls.__slots__}),
        "misfit": _MisfitError,
        "moment": moment,
        "no_extra": NO_EXTRA,
        "share": _seen.setdefault,
    }
    attributes = [a for a in attrs.fields(attrs.resolve_types(cls)) if a.name != "extra"]
    lines = [line for a in attributes for line in _lines(a, names, converter)]
    source = _FRAME.format(body="\n".join(f"    {line}" for line in lines))
    exec(compile(source, f"<codec of {cls.__name__}>", "exec"), names)  # noqa: S102 - it holds names of models only
    hook: Hook = names["structure"]
    return hook


def write_list(type_: Any, converter: cattrs.Converter) -> Hook:
    """Make the hook of a list, one call deep."""
    inner = get_args(type_)[0]
    hook = converter.get_structure_hook(inner)

    def structure(value: list[Any], _: Any) -> Any:
        if type(value) is not list:
            raise _MisfitError
        for index, item in enumerate(value):  # in its place, so that what was read goes as the models come
            value[index] = hook(item, inner)
        return value

    return structure


def _lines(attribute: "attrs.Attribute[Any]", names: Names, converter: cattrs.Converter) -> list[str]:
    """Write what takes one property and sets one attribute."""
    target = f"model.{attribute.name}"
    type_, takes_null = _without_null(attribute.type)
    take, null = _taking(attribute, names)
    if type_ is Any:
        return [f"{target} = {take}"]
    if type_ in _WRONG:
        wrong = _WRONG[type_] + (" and item is not None" if takes_null else "")
        kept = "share(item, item)" if attribute.name in _VOCABULARIES else "item"
        return [f"item = {take}", f"if {wrong}:", "    raise misfit", f"{target} = {kept}"]
    if type_ == dict[str, str]:
        names["are_texts"] = _ARE_TEXTS
        wrong = "type(item) is not dict or not are_texts(map(type, item.values()))"
        wrong = f"item is not None and ({wrong})" if takes_null else wrong
        return [f"item = {take}", f"if {wrong}:", "    raise misfit", f"{target} = item"]
    make = _making(attribute.name, type_, names, converter=converter)
    return [
        f"item = {take}",
        f"{target} = {null} if item is None else {make}"
        if takes_null or null != "None"
        else f"{target} = {make}",
    ]


def _taking(attribute: "attrs.Attribute[Any]", names: Names) -> tuple[str, str]:
    """Write what takes a property out of the object, and what stands for null."""
    wire, default = wire_name(attribute), attribute.default
    if default is attrs.NOTHING:
        return f"value.pop({wire!r})", "None"
    if factory := getattr(default, "factory", None):
        names[f"empty_{attribute.name}"] = factory
        return f"value.pop({wire!r}, None)", f"empty_{attribute.name}()"
    names[f"default_{attribute.name}"] = default
    return f"value.pop({wire!r}, {None if default is None else f'default_{attribute.name}'})", "None"


def _making(name: str, type_: Any, names: Names, *, converter: cattrs.Converter) -> str:
    """Write what makes the value of an attribute."""
    if type_ is datetime:
        return "moment(item)"
    if isinstance(type_, type) and issubclass(type_, OpenStrEnum):
        names[f"known_{name}"], names[f"open_{name}"] = type_._value2member_map_.get, type_
        return f"known_{name}(item) or open_{name}(item)"

    def at_first(value: Any, wanted: Any) -> Any:  # models hold each other in circles, and many are never met
        hook = names[f"make_{name}"] = converter.get_structure_hook(type_)
        return hook(value, wanted)

    names[f"make_{name}"], names[f"type_{name}"] = at_first, type_
    return f"make_{name}(item, type_{name})"


def _without_null(type_: Any) -> tuple[Any, bool]:
    """Take null out of a type, and say whether it was there."""
    members = get_args(type_) if get_origin(type_) in (Union, UnionType) else (type_,)
    rest = [member for member in members if member is not NoneType]
    return (rest[0] if len(rest) == 1 else type_), len(rest) < len(members)
