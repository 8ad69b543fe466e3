"""Bytes to models and back, and what a `DecodeError` may say."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plextera_async import models
from plextera_async._generated.models import EVENT_VARIANTS
from plextera_async._sansio.codec import decode, encode, parse, plain, to_json
from plextera_async._schema import NO_EXTRA, UNSET
from plextera_async.errors import DecodeError

MARK = "s3cr3t-MARK"


def _problems(data: Any, type_: Any) -> tuple[tuple[str, str, str], ...]:
    with pytest.raises(DecodeError) as caught:
        decode(data, type_)

    assert caught.value.__cause__ is caught.value.__context__ is None
    return caught.value.problems


# Bytes


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"null", None),
        (b' {"a": [1, true, "x"]}\n', {"a": [1, True, "x"]}),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (b"-9223372036854775809", -9223372036854775809),
        (b"1.5e300", 1.5e300),
        (b"0.1", 0.1),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'"\\ud83d\\ude00"', "😀"),
        ('"日"'.encode(), "日"),
    ],
)
def test_json_is_read_as_what_it_says(text: bytes, value: Any):
    assert parse(text) == value
    assert type(parse(text)) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        b"<html>MARK</html>",
        b'{"MARK',
        b'{"a": MARK}',
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e999",
        b"[1,]",
        b"01",
        b"'MARK'",
        b"{} MARK",
        b'"\xff"',
        b'{"\xff": 1}',
        b'"\xed\xa0\x80"',
        b'"\\ud800"',
        b'"a\nb"',
        b"\xef\xbb\xbf{}",
        b"\x00",
        b"\x1f\x8b\x08",
    ],
)
def test_what_is_not_json_is_one_problem_without_its_text(text: bytes):
    assert _problems(text, models.File) == (("$", "JSON", "something else"),)


@pytest.mark.parametrize(
    "text", [b"[" * 10_000 + b"]" * 10_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000, b"[" * 1_000_000]
)
def test_ten_thousand_levels_are_a_problem_and_no_recursion_error(text: bytes):
    assert len(_problems(b'{"data":[' + text + b"]}", models.ExtractionPage)) >= 1


def test_an_empty_answer_is_nothing():
    assert _problems(b"", models.File) == (("$", "JSON", "nothing"),)


def test_many_levels_of_models_are_a_problem_and_no_recursion_error():
    run = '{"id":"r","status":"FAILED"}'
    for _ in range(400):
        run = f'{{"id":"r","status":"FAILED","steps":[{{"nestedRuns":{{"data":[{run}]}}}}]}}'

    assert _problems(run.encode(), models.WorkflowRun)


def test_a_deep_value_is_read_and_written_again():
    text = b'{"id":"f","value":' + b"[" * 700 + b"]" * 700 + b"}"

    assert encode(decode(text, models.ExtractedField)) == text


# Primitives are strict

WRONG = {
    "string": [None, True, 1, 1.5, [], {}],
    "integer": [None, True, "1", 1.0, 1.5, [], {}],
    "number": [None, True, "1", [], {}],
    "boolean": [None, 0, 1, "true", 1.0, [], {}],
    "array": [None, True, "[]", 1, {}],
    "object": [None, True, "{}", 1, []],
    "date-time": [
        True,
        1767225600,
        [],
        {},
        "",
        "now",
        "2026-01-01",
        "10:00:00Z",
        "2026-01-01T10:00Z",
        "2026-01-01T10Z",
        "20260101T100000Z",
        "2026-W01-1T10:00:00Z",
        "2026-13-01T10:00:00Z",
        "2026-02-30T10:00:00Z",
        "2026-01-01T25:00:00Z",
        "2026-01-01T10:00:60Z",
        "2026-01-01T10:00:00,5Z",
        "2026-01-01T10:00:00.Z",
        "2026-01-01T10:00:00+0100",
        "2026-01-01T10:00:00+99:00",
        "2026-01-01T10:00:00 Z",
        " 2026-01-01T10:00:00Z",
        "2026-01-01T10:00:00Z\n",
        "0000-01-01T10:00:00Z",
        "٢٠٢٦-01-01T10:00:00Z",
    ],
}
FOUND = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}
PLACES: list[tuple[str, str, Any]] = [
    # expected, path, payload around a value
    ("string", "$.id", lambda value: {"id": value, "status": "QUEUED"}),
    ("string", "$.status", lambda value: {"id": "x", "status": value}),
    ("string", "$.tags[*]", lambda value: {"id": "x", "status": "FAILED", "tags": {MARK: value}}),
    (
        "object",
        "$.output.fields[1]",
        lambda value: {"id": "x", "status": "Y", "output": {"fields": [{}, value]}},
    ),
    ("object", "$", lambda value: value),
]
OPTIONAL: list[tuple[str, str, Any]] = [
    (
        "string",
        "$.error.code",
        lambda value: {"id": "x", "status": "FAILED", "error": {"code": value, "message": ""}},
    ),
    ("boolean", "$.outputAvailable", lambda value: {"id": "x", "status": "Y", "outputAvailable": value}),
    ("date-time", "$.createdAt", lambda value: {"id": "x", "status": "Y", "createdAt": value}),
    ("object", "$.document", lambda value: {"id": "x", "status": "Y", "document": value}),
    ("object", "$.tags", lambda value: {"id": "x", "status": "Y", "tags": value}),
    (
        "integer",
        "$.document.sizeBytes",
        lambda value: {"id": "x", "status": "Y", "document": {"sizeBytes": value}},
    ),
    (
        "number",
        "$.output.fields[0].confidence",
        lambda value: {"id": "x", "status": "Y", "output": {"fields": [{"confidence": value}]}},
    ),
    ("array", "$.output.fields", lambda value: {"id": "x", "status": "Y", "output": {"fields": value}}),
]


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (around(value), (path, expected, FOUND[type(value)]))
        for required, places in ((True, PLACES), (False, OPTIONAL))
        for expected, path, around in places
        for value in WRONG[expected]
        if required or value is not None
    ],
)
def test_a_wrong_type_is_told_by_path_and_types(payload: Any, problem: tuple[str, str, str]):
    assert _problems(json.dumps(payload).encode(), models.Extraction) == (problem,)


@pytest.mark.parametrize("around", [row[2] for row in OPTIONAL])
def test_null_is_taken_wherever_a_property_is_optional(around: Any):
    assert decode(around(None), models.Extraction).id == "x"


def test_a_missing_property_is_named():
    assert _problems({"status": "QUEUED"}, models.Extraction) == (("$.id", "a required property", "nothing"),)
    assert _problems({"data": [{"id": "x"}]}, models.ExtractionPage) == (
        ("$.data[0].status", "a required property", "nothing"),
    )
    assert _problems({}, models.ExtractionPage) == (("$.data", "a required property", "nothing"),)


def test_all_problems_are_told_up_to_twenty():
    assert _problems({"id": 1, "status": 2, "document": {"sizeBytes": "x"}}, models.Extraction) == (
        ("$.id", "string", "integer"),
        ("$.status", "string", "integer"),
        ("$.document.sizeBytes", "integer", "string"),
    )
    assert len(_problems({"data": [None] * 50}, models.ExtractionPage)) == 20


def test_a_literal_that_differs_is_told_without_its_value():
    event = {"eventType": MARK, "eventId": "e", "occurredAt": "2026-01-01T00:00:00Z", "apiVersion": "v1"}
    problems = _problems({**event, "data": {"status": "FAILED"}}, models.RunFailedEvent)

    assert problems == (("$.eventType", "a value that fits the contract", "another"),)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02t03:04:05z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02 03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.5Z", datetime(2026, 1, 2, 3, 4, 5, 500_000, tzinfo=UTC)),
        ("2026-01-02T03:04:05.123456789Z", datetime(2026, 1, 2, 3, 4, 5, 123_456, tzinfo=UTC)),
        ("2026-01-02T03:04:05+05:30", datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=5.5)))),
        ("2026-01-02T03:04:05-00:00", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("9999-12-31T23:59:59.999999Z", datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
    ],
)
def test_date_times_are_aware(text: str, moment: datetime):
    file = decode({"id": "f", "createdAt": text}, models.File)

    assert file.created_at == moment
    assert file.created_at is not None
    assert file.created_at.utcoffset() == moment.utcoffset()
    assert decode(encode(file), models.File) == file


@pytest.mark.parametrize("number", [0, -5, 10**30, 2**53 + 1, 0.1, 1e300, 5e-324])
def test_numbers_keep_their_value_and_kind(number: float):
    field = decode(json.dumps({"value": number, "x": number}).encode(), models.ExtractedField)

    for kept in (field.value, field.extra["x"], parse(encode(field))["value"]):
        assert kept == number
        assert type(kept) is type(number)


def test_an_integer_is_a_number_too():
    assert decode({"confidence": 1}, models.ExtractedField).confidence == 1


# Enums


@given(st.text())
def test_an_unknown_enum_value_equals_its_text_and_comes_back(text: str):
    extraction = decode({"id": "x", "status": text}, models.Extraction)

    assert extraction.status == text
    assert isinstance(extraction.status, models.ExtractionStatus)
    assert plain(extraction) == {"id": "x", "status": text}


def test_unknown_enum_values_differ_from_each_other_and_known_ones_are_members():
    first, second, known = (
        decode({"id": "x", "status": text}, models.Extraction).status for text in ("NEW", "NEWER", "FAILED")
    )

    assert first != second
    assert known is models.ExtractionStatus.FAILED


# Events

EVENT = {"eventId": "e", "occurredAt": "2026-01-01T00:00:00Z", "apiVersion": "v1"}


@pytest.mark.parametrize(("tag", "kind"), EVENT_VARIANTS.items())
@pytest.mark.parametrize(
    "id_", [{"id": "j"}, {"extractionId": "j"}, {"runId": "j", "workflowId": "w"}, {"jobId": "j"}]
)
def test_events_of_both_shapes_are_read_and_kept(tag: str, kind: type[Any], id_: dict[str, str]):
    event = {**EVENT, "eventType": tag, "data": {"status": "FAILED", **id_}}
    made = decode(event, models.Event)

    assert type(made) is kind
    assert plain(made) == event


@pytest.mark.parametrize(
    ("event", "seen"),
    [
        ({"eventType": "a.b"}, ("a.b", None, None, None)),
        ({**EVENT, "eventType": "a.b", "data": 5}, ("a.b", "e", datetime(2026, 1, 1, tzinfo=UTC), "v1")),
        ({"eventType": "", "eventId": 7, "occurredAt": "noon", "apiVersion": None}, ("", None, None, None)),
    ],
)
def test_an_unknown_event_keeps_everything_and_shows_what_can_be_read(
    event: dict[str, Any], seen: tuple[Any, ...]
):
    made = decode(event, models.Event)

    assert isinstance(made, models.UnknownEvent)
    assert (made.event_type, made.event_id, made.occurred_at, made.api_version) == seen
    assert made.raw == event
    assert plain(made) == event


@pytest.mark.parametrize(
    ("event", "problems"),
    [
        ([], (("$", "object", "array"),)),
        ({}, (("$", "object with a string eventType", "object"),)),
        ({"eventType": 5}, (("$", "object with a string eventType", "object"),)),
        (
            {
                "eventType": "workflow.run.failed",
                "eventId": 1,
                "occurredAt": "x",
                "apiVersion": None,
                "data": [],
            },
            (
                ("$.eventId", "string", "integer"),
                ("$.occurredAt", "date-time", "string"),
                ("$.apiVersion", "string", "null"),
                ("$.data", "object", "array"),
            ),
        ),
    ],
)
def test_a_known_event_must_fit(event: Any, problems: Any):
    assert _problems(event, models.Event) == problems


# Shapes


def test_runs_nest():
    run: dict[str, Any] = {"id": "r0", "status": "COMPLETED", "steps": []}
    for depth in (1, 2, 3):
        step = {"id": "s", "output": {"n": depth}, "nestedRuns": {"count": 1, "data": [run]}}
        run = {"id": f"r{depth}", "status": "NEW", "steps": [step]}
    made = decode(run, models.WorkflowRun)
    steps = made.steps
    for expected in ("r2", "r1", "r0"):
        assert steps
        assert steps[0].nested_runs is not None
        nested = steps[0].nested_runs.data[0]
        assert nested.id == expected
        steps = nested.steps

    assert plain(made) == run


def test_nulls_among_steps_are_left_out_as_the_documentations_samples_have_them():
    run = {
        "id": "r",
        "status": "COMPLETED",
        "steps": [
            None,
            {"id": "s", "nestedRuns": {"data": [{"id": "n", "status": "COMPLETED", "steps": [None]}]}},
        ],
    }
    made = decode(run, models.WorkflowRun)

    assert made.steps is not None
    assert [step.id for step in made.steps] == ["s"]
    assert made.steps[0].nested_runs is not None
    assert made.steps[0].nested_runs.data[0].steps == []
    assert _problems({**run, "steps": [None, 5]}, models.WorkflowRun)[0][1:] == ("object", "integer")
    assert _problems({**run, "steps": {}}, models.WorkflowRun) == (("$.steps", "array", "object"),)


def test_empty_objects_among_runs_are_left_out_as_mock_servers_cut_off_what_repeats():
    nested = [{}, {"id": "n", "status": "COMPLETED", "steps": [{"nestedRuns": {"count": 1, "data": [{}]}}]}]
    made = decode(
        {"id": "r", "status": "COMPLETED", "steps": [{"nestedRuns": {"data": nested}}]}, models.WorkflowRun
    )

    assert made.steps is not None
    assert made.steps[0].nested_runs is not None
    (inner,) = made.steps[0].nested_runs.data
    assert inner.steps is not None
    assert inner.steps[0].nested_runs is not None
    assert inner.steps[0].nested_runs.data == []
    assert _problems({"data": [{}, {"id": "r"}]}, models.WorkflowRunPage)[0][0] == "$.data[0].status"
    text = b'{"id": "r", "status": "NEW", "steps": [{"nestedRuns": {"data": [{}]}}]}'
    assert decode(text, models.WorkflowRun).status == "NEW"


def test_nulls_among_other_items_are_problems():
    assert _problems({"data": [None]}, models.WorkflowRunPage) == (("$.data[0]", "object", "null"),)


@pytest.mark.parametrize(
    "info", [{}, {"pageInfo": None}, {"pageInfo": {}}, {"pageInfo": {"page": 0, "totalItems": 1}}]
)
def test_pages_are_read_with_and_without_figures(info: dict[str, Any]):
    page = decode({"data": [{"id": "x", "status": "QUEUED"}], **info}, models.ExtractionPage)

    assert [item.id for item in page.data] == ["x"]


@pytest.mark.parametrize("output", [{}, {"fields": None}, {"fields": []}])
def test_no_fields_are_an_empty_list(output: dict[str, Any]):
    assert decode(output, models.ExtractionOutput).fields == []


def test_unknown_properties_are_kept_apart_from_known_ones():
    payload = {"id": "f", "extra": 1, "size_bytes": 2, "sizeBytes": 3, "": None}
    file = decode(payload, models.File)

    assert file.size_bytes == 3
    assert file.extra == {"extra": 1, "size_bytes": 2, "": None}
    assert plain(file) == payload
    assert decode({"id": "f"}, models.File).extra is NO_EXTRA


def test_what_is_unset_is_not_sent_and_none_is():
    update = models.EventSubscriptionUpdate(status=models.SubscriptionStatus.PAUSED)

    assert encode(update) == b'{"status":"paused"}'
    assert update.filters is UNSET
    assert plain(models.ListRunsParameters(size=5)) == {"size": 5}
    create = models.ExtractionCreate(document=models.DocumentByFileId(file_id="f"), tags={"a": "b"})
    assert parse(encode(create)) == {"document": {"fileId": "f"}, "tags": {"a": "b"}}
    assert to_json({"a": [None]}) == b'{"a":[null]}'
