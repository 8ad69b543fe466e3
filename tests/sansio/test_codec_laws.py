"""Laws of the codec over all response models: nothing is lost, and no error shows a value."""

import json
from datetime import datetime
from typing import Any, get_args, get_type_hints

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from plextera_async import models
from plextera_async._generated.models import EVENT_VARIANTS
from plextera_async._sansio.codec import decode, encode
from plextera_async._schema import wire_name
from plextera_async.errors import DecodeError
from tests.support.answers import objects

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

payloads = st.sampled_from(RESPONSES).flatmap(lambda cls: st.tuples(st.just(cls), objects(cls, 4)))


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
