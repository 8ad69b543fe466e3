"""Laws of the codec over all response models: nothing is lost, and no error shows a value."""

import json
import string
from datetime import UTC, datetime, timedelta
from typing import Any, get_args, get_type_hints

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from plextera_async import models
from plextera_async._generated.models import EVENT_VARIANTS
from plextera_async._sansio.codec import decode, encode
from plextera_async._schema import OpenStrEnum, wire_name
from plextera_async.errors import DecodeError

MARK = "s3cr3t-MARK"
RESPONSES = (
    models.File,
    models.Extraction,
    models.ExtractionPage,
    models.ExtractionFeedback,
    models.WorkflowRun,
    models.WorkflowRunPage,
    models.EventSubscription,
    models.EventSubscriptionPage,
    models.ExtractJob,
    models.ExtractJobPage,
    models.ExtractJobFeedback,
    models.ErrorResponse,
    *EVENT_VARIANTS.values(),
)

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


def _values(type_: Any, depth: int) -> st.SearchStrategy[Any]:
    """JSON that fits a type, with unknown enum values and unknown properties in it."""
    if type_ in VALUES or attrs.has(type_):
        return VALUES[type_] if type_ in VALUES else _objects(type_, depth - 1)
    if isinstance(type_, type) and issubclass(type_, OpenStrEnum):
        return st.sampled_from([member.value for member in type_]) | st.text(max_size=5)
    inner = [member for member in get_args(type_) if member is not type(None)]
    origin = getattr(type_, "__origin__", None)
    if origin is list:
        return st.lists(_values(inner[0], depth), max_size=2 if depth > 0 else 0)
    if origin is dict:
        return st.dictionaries(st.text(max_size=5), _values(inner[1], depth), max_size=2)
    if len(inner) == len(get_args(type_)):  # a literal
        return st.sampled_from(inner)
    return st.none() | _values(inner[0], depth) if depth > 0 or not attrs.has(inner[0]) else st.none()


def _objects(cls: type[Any], depth: int) -> st.SearchStrategy[dict[str, Any]]:
    hints = get_type_hints(cls)
    required, optional = {}, {}
    for attribute in attrs.fields(cls):
        if attribute.name != "extra":
            is_required = attribute.default is attrs.NOTHING or attribute.name == "event_type"
            target = required if is_required else optional
            target[wire_name(attribute)] = _values(hints[attribute.name], depth)
    known = st.fixed_dictionaries(required, optional=optional)
    return st.builds(lambda body, more: {**more, **body}, known, st.dictionaries(names, any_json, max_size=2))


payloads = st.sampled_from(RESPONSES).flatmap(lambda cls: st.tuples(st.just(cls), _objects(cls, 4)))


def _same(sent: Any, kept: Any, type_: Any) -> None:
    """Compare by meaning: null and absence of an optional property, and an absent and an empty list, are the same."""
    if attrs.has(type_):
        hints = get_type_hints(type_)
        known = {wire_name(a): hints[a.name] for a in attrs.fields(type_) if a.name != "extra"}
        for name in {*sent, *kept}:
            if name in known:
                _same(sent.get(name), kept.get(name), known[name])
            else:
                assert sent[name] == kept[name]
        return
    members = [member for member in get_args(type_) if member is not type(None)]
    if sent is None or kept is None:
        assert [sent or None, kept or None] == [None, None]
    elif isinstance(sent, list) and members:
        inner = get_args(members[0])[0] if get_args(members[0]) else members[0]
        assert len(sent) == len(kept)
        for one, other in zip(sent, kept, strict=True):
            _same(one, other, inner)
    elif len(members) == 1 and attrs.has(members[0]):
        _same(sent, kept, members[0])
    elif datetime in (type_, *members):
        assert datetime.fromisoformat(sent) == datetime.fromisoformat(kept)
    else:
        assert sent == kept


@settings(deadline=None)
@given(payloads)
def test_nothing_is_lost_between_decoding_and_encoding(case: tuple[type[Any], dict[str, Any]]):
    cls, payload = case
    model = decode(json.dumps(payload).encode(), cls)
    text = encode(model)

    _same(payload, json.loads(text), cls)
    assert decode(text, cls) == model


def _spoiled(payload: Any, draw: Any) -> Any:
    """Put the mark in place of, or into, something at any depth."""
    mark = draw(st.sampled_from([MARK, [MARK], {MARK: MARK}, {MARK: [MARK, {"a": MARK}]}]))
    if isinstance(payload, dict) and payload and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(payload)))
        return {**payload, name: _spoiled(payload[name], draw), f"x{MARK}": mark}
    if isinstance(payload, list) and payload and draw(st.booleans()):
        return [_spoiled(payload[0], draw), *payload[1:]]
    return mark


@settings(deadline=None)
@given(case=payloads, data=st.data())
def test_a_decode_error_never_holds_a_value(case: tuple[type[Any], dict[str, Any]], data: st.DataObject):
    cls, payload = case
    error = _refusal(_spoiled(payload, data.draw), cls)
    if error is not None:
        assert MARK not in f"{error}{error!r}{error.to_dict()}{error.args}"
        assert error.__cause__ is error.__context__ is None
        assert error.problems
        json.dumps(error.to_dict())


def _refusal(data: Any, cls: type[Any]) -> DecodeError | None:
    try:
        decode(data, cls)
    except DecodeError as error:
        return error
    return None
