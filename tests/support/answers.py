"""Answers as JSON, made at random: what fits a response model, with unknown properties, enum values and events in it."""

import string
from datetime import UTC, datetime, timedelta
from typing import Any, get_args, get_type_hints

import attrs
from hypothesis import strategies as st

from plextera_async._schema import OpenStrEnum, wire_name

names = st.text(string.ascii_letters, min_size=1, max_size=8).map(lambda name: f"x{name}")
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
any_json = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
    max_leaves=4,
)
times = st.integers(0, 4 * 10**15).map(
    lambda microseconds: (datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)).isoformat()
)
VALUES: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=5),
    int: st.integers(),
    float: st.floats(allow_nan=False, allow_infinity=False) | st.integers(),
    bool: st.booleans(),
    datetime: times,
    Any: any_json,
}


def values(type_: Any, depth: int) -> st.SearchStrategy[Any]:
    """JSON that fits a type, with unknown enum values and unknown properties in it."""
    if type_ in VALUES or attrs.has(type_):
        return VALUES[type_] if type_ in VALUES else objects(type_, depth - 1)
    if isinstance(type_, type) and issubclass(type_, OpenStrEnum):
        return st.sampled_from([member.value for member in type_]) | st.text(max_size=5)
    inner = [member for member in get_args(type_) if member is not type(None)]
    origin = getattr(type_, "__origin__", None)
    if origin is list:
        return st.lists(values(inner[0], depth), max_size=2 if depth > 0 else 0)
    if origin is dict:
        return st.dictionaries(st.text(max_size=5), values(inner[1], depth), max_size=2)
    if len(inner) == len(get_args(type_)):  # a literal
        return st.sampled_from(inner)
    return st.none() | values(inner[0], depth) if depth > 0 or not attrs.has(inner[0]) else st.none()


def objects(cls: type[Any], depth: int) -> st.SearchStrategy[dict[str, Any]]:
    hints = get_type_hints(cls)
    required, optional = {}, {}
    for attribute in attrs.fields(cls):
        if attribute.name != "extra":
            is_required = attribute.default is attrs.NOTHING or attribute.name == "event_type"
            target = required if is_required else optional
            target[wire_name(attribute)] = values(hints[attribute.name], depth)
    known = st.fixed_dictionaries(required, optional=optional)
    return st.builds(lambda body, more: {**more, **body}, known, st.dictionaries(names, any_json, max_size=2))
