"""The generated code does what it looks like it does."""

import copy
import importlib.util
import pickle
import sys
from pathlib import Path

import attrs
import pytest

from plextera_async import _schema as c

EXPECTED = Path(__file__).parent / "expected"


def _load(case: str, module: str):
    name = f"generated_{case}_{module}"
    found = importlib.util.spec_from_file_location(name, EXPECTED / case / f"{module}.py")
    sys.modules[name] = loaded = importlib.util.module_from_spec(found)
    found.loader.exec_module(loaded)
    return loaded


answers = _load("answers", "models")
events = _load("events", "models")
sent = _load("sent", "models")
operations = _load("sent", "operations")


@pytest.fixture
def thing():
    return sent.ThingCreate(name="x", source=sent.ById(id="1"), secret="s", maybe=None)


def test_answers_are_frozen_tolerant_and_keep_secrets_out_of_repr():
    thing = answers.Thing(
        id="1", owner=None, self_="x", size=-5, secret="s3", password="p4", note="n5", word="w6"
    )

    assert thing.size == -5
    assert thing.extra is c.NO_EXTRA
    assert "s3" not in repr(thing)
    assert "p4" not in repr(thing)
    assert "n5" not in repr(thing)
    assert "w6" not in repr(thing)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        thing.id = "2"


def test_unknown_properties_are_kept_but_not_shown():
    thing = answers.Empty(extra={"a": "secret"})

    assert thing.extra == {"a": "secret"}
    assert repr(thing) == "Empty()"
    assert thing != answers.Empty()
    assert answers.Empty(extra={}) == answers.Empty()


@pytest.mark.parametrize("model", [answers.Empty(), answers.Thing(id="1", owner=None, self_="x")])
def test_answers_survive_copies(model):
    copies = [copy.copy(model), copy.deepcopy(model), *map(pickle.loads, [pickle.dumps(model)])]

    assert copies == [model] * 3
    assert all(copied.extra is c.NO_EXTRA for copied in copies)


def test_wire_names_come_back():
    names = {field.name: c.wire_name(field) for field in attrs.fields(answers.Thing)}

    assert names["self_"] == "self"
    assert names["class_"] == "class"
    assert names["list_"] == "list"
    assert names["file_id"] == "fileID"
    assert names["x_trace_id"] == "x-trace_ID"


def test_requests_send_nothing_that_was_not_set(thing):
    unset = {field.name for field in attrs.fields(type(thing)) if getattr(thing, field.name) is c.UNSET}

    assert unset == {field.name for field in attrs.fields(type(thing))} - {
        "name",
        "source",
        "secret",
        "maybe",
    }


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        ("name", "", "name: must have at least 1 characters, has 0"),
        ("name", None, "name: must be str, is NoneType"),
        ("source", {"id": "1"}, "source: must be ById or ByUrl, is dict"),
        ("maybe", "four", "maybe: must have at most 3 characters, has 4"),
        ("clear", " ", "clear: must not be blank"),
        ("labels", {}, "labels: must have at least 1 entries, has 0"),
        ("labels", {"": "a"}, "labels: a key must have at least 1 characters, has 0"),
        ("labels", {"a": "sixsix"}, "labels.*: must have at most 5 characters, has 6"),
        ("labels", {"a": "\t"}, "labels.*: must not be blank"),
        ("matrix", [[1.5], [-1]], "matrix[1][0]: must be more than -1"),
        ("count", 3, "count: must be a multiple of 2"),
        ("ratio", 0.5, "ratio: must be less than 0.5"),
        ("keys", ["name", "name"], "keys: must not hold an item twice"),
        ("keys", "name", "keys: must be list, is str"),
        ("flag", 1, "flag: must be bool, is int"),
        ("at", "2026-01-01", "at: must be datetime, is str"),
        ("line", " \n", r"line: must match ^\s*\S[\s\S]*$"),
        ("word", 'a "x" b', r'word: must match ^\S+ "x" \\$'),
        ("both", "1", "both: must be ById, is str"),
    ],
)
def test_constraints_hold_on_assignment_and_construction(thing, attribute, value, message):
    with pytest.raises(c.ConstraintError) as assigned:
        setattr(thing, attribute, value)
    with pytest.raises(c.ConstraintError) as constructed:
        attrs.evolve(thing, **{attribute: value})

    assert str(assigned.value) == str(constructed.value) == message


def test_what_may_be_null_may(thing):
    thing.clear = thing.maybe = thing.free = None

    assert thing.clear is None


def test_enums_keep_what_they_do_not_know():
    assert events.RunState("timed-out") is events.RunState.TIMED_OUT
    assert events.RunState("new") == "new"
    assert not events.RunState("new").is_known


def test_a_tagged_union_has_a_table_and_a_fallback():
    unknown = events.UnknownNotice(kind="run.paused", notice_id="1", raw={"kind": "run.paused"})

    assert events.NOTICE_TAG == "kind"
    assert {"run.done": events.RunDone, "run.failed": events.RunFailed} == events.NOTICE_VARIANTS
    assert isinstance(unknown, c.UnknownVariant)
    assert repr(unknown) == "UnknownNotice(kind='run.paused', notice_id='1', at=None)"
    assert events.RunFailed(notice_id="1", data="x").kind == "run.failed"


def test_all_lists_what_is_defined_and_absent_values():
    for module in (answers, events, sent):
        assert {"UNSET", "UnsetType"} <= set(module.__all__)
        assert all(hasattr(module, name) for name in module.__all__)


def test_operations_are_values():
    create = operations.CREATE_THING

    assert (create.id, create.method, create.path) == ("createThing", "POST", "/things")
    assert create.creates
    assert create.success == (200, 201)
    assert create.body_kinds == ("application/json",)
    assert create.query_parameters == ("page",)
    assert operations.LIST_THINGS.deprecated
    assert operations.SEND_FORM.body_kinds == ("application/json", "multipart/form-data")
    assert len(operations.ALL) == 5
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        create.path = "/"
