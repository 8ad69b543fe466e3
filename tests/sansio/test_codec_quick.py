"""The quick converter gives what the detailed one gives, of the same types, or gives up."""

import copy
import gc
import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plextera_async import models
from plextera_async._generated.models import EVENT_VARIANTS
from plextera_async._sansio import codec
from plextera_async._sansio.codec import decode, encode, parse
from plextera_async._sansio.codec.converter import detailed, quick
from plextera_async._sansio.codec.mismatch import MismatchError
from plextera_async._sansio.codec.scalars import moment
from plextera_async._sansio.codec.written import is_answer
from plextera_async._schema import NO_EXTRA
from plextera_async.errors import DecodeError
from tests.support.answers import any_json, objects

ANSWERS = tuple(
    found for name in models.__all__ if isinstance(found := getattr(models, name), type) and is_answer(found)
)

cases = st.sampled_from(ANSWERS).flatmap(lambda cls: st.tuples(st.just(cls), objects(cls, 4)))
spoils = st.sampled_from(
    [None, True, False, 0, 1, 1.0, "", "x", "2026-01-02T03:04:05Z", [], [None], {}, {"a": 1}, 10**30]
)


def _exactly(one: Any, other: Any) -> bool:
    """Compare with types: 1, 1.0 and True are three things, and an enum value is no string."""
    if type(one) is not type(other):
        return False
    if attrs.has(type(one)):
        return all(_exactly(getattr(one, a.name), getattr(other, a.name)) for a in attrs.fields(type(one)))
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_exactly, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(map(_exactly, one.values(), other.values()))
    if isinstance(one, datetime):
        return one == other and one.utcoffset() == other.utcoffset()
    return one is other if one is NO_EXTRA else bool(one == other)


def _spoiled(payload: Any, draw: Any) -> Any:
    """Put something else in some place, or take something away."""
    if isinstance(payload, dict) and payload and draw(st.integers(0, 3)):
        name = draw(st.sampled_from(sorted(payload)))
        if not draw(st.integers(0, 4)):
            return {key: item for key, item in payload.items() if key != name}
        return {**payload, name: _spoiled(payload[name], draw)}
    if isinstance(payload, list) and payload and draw(st.booleans()):
        return [_spoiled(payload[0], draw), *payload[1:]]
    return draw(spoils)


def _structured(converter: Any, payload: Any, cls: Any) -> Any:
    try:
        return converter.structure(payload, cls)
    except Exception:  # noqa: BLE001 - whichever it is, it does not fit
        return None


def _agree(payload: Any, cls: Any) -> bool:
    """Hold both converters against each other, and say whether the payload fits."""
    kept = copy.deepcopy(payload)
    expected = _structured(detailed(), payload, cls)
    assert payload == kept
    found = _structured(quick(), copy.deepcopy(payload), cls)
    assert _exactly(found, expected)
    return expected is not None


def test_every_model_of_answers_is_meant():
    assert {models.WorkflowRunPage, models.Extraction, *EVENT_VARIANTS.values()} < set(ANSWERS)
    assert len(ANSWERS) == sum("extra" in attrs.fields_dict(m) for m in map(_model, models.__all__) if m)


def _model(name: str) -> Any:
    found = getattr(models, name)
    return found if isinstance(found, type) and attrs.has(found) else None


@settings(deadline=None, max_examples=200)
@given(cases)
def test_what_fits_is_made_alike(case: tuple[type[Any], dict[str, Any]]):
    cls, payload = case

    assert _agree(payload, cls)
    assert _exactly(decode(json.dumps(payload).encode(), cls), decode(payload, cls))


@settings(deadline=None, max_examples=300)
@given(case=cases, data=st.data())
def test_what_is_spoiled_is_made_alike_or_refused_by_both(
    case: tuple[type[Any], dict[str, Any]], data: st.DataObject
):
    cls, payload = case
    payload = _spoiled(payload, data.draw)
    fits = _agree(payload, cls)
    if not fits:
        assert _problems(json.dumps(payload).encode(), cls) == _problems(payload, cls)


def _problems(data: Any, cls: Any) -> tuple[Any, ...]:
    with pytest.raises(DecodeError) as caught:
        decode(data, cls)
    return caught.value.problems


@settings(deadline=None)
@given(st.sampled_from(ANSWERS), any_json)
def test_any_json_is_made_alike_or_refused_by_both(cls: type[Any], payload: Any):
    _agree(payload, cls)


@settings(deadline=None)
@given(st.sampled_from([*EVENT_VARIANTS, "a.new.one", "", 5, None]), st.sampled_from(ANSWERS), st.data())
def test_events_are_made_alike_or_refused_by_both(tag: Any, body: type[Any], data: st.DataObject):
    payload = data.draw(objects(EVENT_VARIANTS.get(tag, body) if isinstance(tag, str) else body, 3))

    _agree({**payload, "eventType": tag}, models.Event)


# Date-times

_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})?", re.ASCII)
USUAL = (
    "2026-01-02T03:04:05Z",
    "2026-01-02T03:04:05.6Z",
    "2026-01-02T03:04:05.678901Z",
    "2026-01-02T03:04:05.678901234Z",
)


def _by_the_pattern(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.upper()) if _DATE_TIME.fullmatch(text) else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


@st.composite
def nearly_usual(draw: Any) -> str:
    text = list(draw(st.sampled_from(USUAL)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(text)))
        text[place : place + draw(st.integers(0, 2))] = draw(
            st.sampled_from([*"0129-:TtZzW.,+ \u0661", "", "00"])
        )
    return "".join(text)


@settings(deadline=None, max_examples=500)
@given(nearly_usual() | st.text("0123456789-:TtZzW.,+ ", max_size=32))
def test_the_short_way_to_a_date_time_is_the_patterns(text: str):
    try:
        found = moment(text)
    except MismatchError:
        found = None

    assert found == _by_the_pattern(text)
    assert found is None or found.utcoffset() is not None


# What is kept


def test_models_from_both_converters_are_of_one_kind():
    run = decode(b'{"id":"r","status":"NEW","x":1,"steps":[{"nestedRuns":{"data":[]}}]}', models.WorkflowRun)

    assert type(run) is models.WorkflowRun
    assert run == models.WorkflowRun(
        id="r",
        status=models.RunStatus("NEW"),
        steps=[models.RunStep(nested_runs=models.NestedRuns())],
        extra={"x": 1},
    )
    assert run == copy.deepcopy(run)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        run.id = "s"  # type: ignore[misc]


def test_equal_texts_of_small_vocabularies_are_kept_once():
    steps = b",".join(b'{"type":"web_function","status":"DONE","queue":"slow"}' for _ in range(3))
    run = decode(b'{"id":"r","status":"NEW","steps":[' + steps + b"]}", models.WorkflowRun)

    assert run.steps
    for texts in zip(*((step.type, step.status, step.extra["queue"]) for step in run.steps), strict=True):
        assert len({id(text) for text in texts}) == 1
    assert codec.written._seen == {}


def test_texts_are_let_go_when_an_answer_does_not_fit():
    with pytest.raises(DecodeError):
        decode(b'{"type":"a-type","status":"a-status","name":5}', models.RunStep)

    assert codec.written._seen == {}


def test_decoding_leaves_no_cycles_behind():
    text = b'{"data":[{"id":"r","status":"NEW","x":{},"steps":[{"output":{}},{"nestedRuns":{"data":[]}}]}]}'
    decode(text, models.WorkflowRunPage)
    gc.collect()
    decode(text, models.WorkflowRunPage)

    assert gc.collect() == 0


def test_what_is_given_as_parsed_data_is_left_as_it_was():
    payload = {"id": "f", "x": 1, "sizeBytes": 2}
    decode(payload, models.File)

    assert payload == {"id": "f", "x": 1, "sizeBytes": 2}


def test_a_failure_of_the_quick_converter_alone_is_made_good(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(codec, "quick", lambda: 1 / 0)

    assert decode(b'{"id":"f"}', models.File) == models.File(id="f")


def test_the_first_answers_may_come_in_several_threads():
    code = """
import threading
from plextera_async import models
from plextera_async._sansio.codec import decode
from plextera_async._sansio.codec.converter import quick
from plextera_async._sansio.codec.text import parse
text = b'{"data":[{"id":"r","status":"NEW","steps":[{"nestedRuns":{"data":[{"id":"n","status":"x"}]}}]}]}'
barrier, made = threading.Barrier(8), []
def work():
    barrier.wait()
    made.append(quick().structure(parse(text), models.WorkflowRunPage))
threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert len(made) == 8 and all(page == decode(text, models.WorkflowRunPage) for page in made)
"""
    subprocess.run([sys.executable, "-X", "dev", "-W", "error", "-c", code], check=True, timeout=60)


def test_encoding_gives_back_what_came():
    text = b'{"x":[1],"id":"r","status":"NEW","steps":[{"id":"s","output":{"a":null}}]}'

    assert parse(encode(decode(text, models.WorkflowRun))) == parse(text)
