"""Laws of `plextera_async/_schema.py`."""

import copy
import enum
import math
import pickle

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plextera_async import _schema as c


class Colour(c.OpenStrEnum):
    RED = "red"
    DARK_BLUE = "dark-blue"


@attrs.define(kw_only=True)
class Sent:
    word: str | c.UnsetType = attrs.field(default=c.UNSET, validator=c.check(str, max_length=3))
    event_types: list[str] | c.UnsetType = attrs.field(
        default=c.UNSET, validator=c.check(list, each=c.check(str, min_length=1))
    )
    trace: str | c.UnsetType = attrs.field(
        default=c.UNSET, validator=c.check(str), metadata=c.wire("x-trace_ID")
    )


def _problem(check: c.Check, value: object) -> tuple[str, str] | None:
    return check.problem(value)


def _copies(value: object) -> list[object]:
    pickles = [pickle.dumps(value, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    return [copy.copy(value), copy.deepcopy(value), *map(pickle.loads, pickles)]


# UNSET and NO_EXTRA


def test_unset_is_one_false_object_that_survives_copies():
    assert not c.UNSET
    assert repr(c.UNSET) == "UNSET"
    assert all(copied is c.UNSET for copied in _copies(c.UNSET))


def test_no_extra_is_one_empty_mapping_that_survives_copies():
    assert c.NO_EXTRA == {}
    assert {} == c.NO_EXTRA  # noqa: SIM300 - the other way round
    assert c.NO_EXTRA != {"a": 1}
    assert list(c.NO_EXTRA) == []
    assert len(c.NO_EXTRA) == 0
    assert repr(c.NO_EXTRA) == "{}"
    with pytest.raises(KeyError, match="a"):
        c.NO_EXTRA["a"]
    assert all(copied is c.NO_EXTRA for copied in _copies(c.NO_EXTRA))


def test_no_extra_takes_nothing():
    with pytest.raises(TypeError):
        c.NO_EXTRA["a"] = 1
    with pytest.raises(AttributeError):
        c.NO_EXTRA.a = 1


def test_an_unknown_variant_does_not_show_what_came():
    unknown = c.UnknownVariant(raw={"secret": "text"})

    assert repr(unknown) == "UnknownVariant()"
    assert unknown.raw == {"secret": "text"}


# OpenStrEnum


def test_known_values_are_the_members():
    assert Colour("red") is Colour.RED
    assert Colour.RED.is_known
    assert str(Colour.DARK_BLUE) == f"{Colour.DARK_BLUE}" == "dark-blue"
    assert list(Colour) == [Colour.RED, Colour.DARK_BLUE]


@given(st.text().filter(lambda text: text not in {"red", "dark-blue"}))
def test_an_unknown_value_is_equal_to_its_string(text):
    unknown = Colour(text)

    assert isinstance(unknown, Colour)
    assert unknown == text
    assert hash(unknown) == hash(text)
    assert unknown.value == text
    assert type(unknown.value) is str
    assert str(unknown) == f"{unknown}" == text
    assert not unknown.is_known
    assert unknown == Colour(text)
    assert {unknown: 1}[text] == 1


@given(st.text(), st.text())
def test_values_are_equal_exactly_when_their_strings_are(one, other):
    assert (Colour(one) == Colour(other)) is (one == other)


@given(st.sampled_from(["red", "dark-blue"]) | st.text())
def test_values_survive_copies(text):
    for copied in _copies(Colour(text)):
        assert type(copied) is Colour
        assert copied == text
        assert copied.is_known is Colour(text).is_known


def test_the_spelling_of_a_member_is_not_its_value():
    assert Colour("RED") != Colour.RED
    assert not Colour("RED").is_known


@given(st.none() | st.integers() | st.floats() | st.binary() | st.booleans())
def test_only_strings_become_members(value):
    with pytest.raises(ValueError, match="is not a valid Colour"):
        Colour(value)


def test_a_member_of_another_enum_counts_as_its_string():
    class Other(c.OpenStrEnum):
        GREEN = "green"

    assert Colour(Other.GREEN).value == "green"
    assert type(Colour(Other.GREEN).value) is str


def test_unknown_values_are_not_remembered():
    before = len(Colour._value2member_map_)

    assert Colour("new") is not Colour("new")
    assert len(Colour._value2member_map_) == before
    assert list(Colour) == [Colour.RED, Colour.DARK_BLUE]


# names


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [("word", "word"), ("event_types", "eventTypes"), ("trace", "x-trace_ID")],
)
def test_wire_names_are_camel_case_or_said(attribute, expected):
    assert c.wire_name(attrs.fields_dict(Sent)[attribute]) == expected


def test_an_underscore_that_only_avoids_a_word_of_python_is_no_part_of_the_name():
    @attrs.define
    class Reserved:
        class_: str

    assert c.wire_name(attrs.fields(Reserved).class_) == "class"


# check


def test_a_broken_rule_is_told_by_wire_path_and_without_the_value():
    with pytest.raises(c.ConstraintError) as caught:
        Sent(event_types=["fine", ""])

    assert caught.value.path == "eventTypes[1]"
    assert caught.value.rule == "must have at least 1 characters, has 0"
    assert str(caught.value) == "eventTypes[1]: must have at least 1 characters, has 0"
    with pytest.raises(ValueError, match=r"^word: must have at most 3 characters, has 6$"):
        Sent(word="secret")


def test_rules_hold_on_assignment_too():
    sent = Sent(word="abc")

    with pytest.raises(c.ConstraintError, match="word"):
        sent.word = "abcd"
    sent.word = c.UNSET

    assert sent == Sent()


def test_constraint_errors_survive_copies():
    error = c.ConstraintError("tags", "must be dict, is list")

    for copied in _copies(error):
        assert type(copied) is c.ConstraintError
        assert (copied.path, copied.rule, str(copied)) == (error.path, error.rule, str(error))


BROKEN = [
    (c.check(str), None, "must be str, is NoneType"),
    (c.check(str), b"x", "must be str, is bytes"),
    (c.check(str, int), 1.5, "must be str or int, is float"),
    (c.check(int), True, "must be int, is bool"),
    (c.check(int), 1.0, "must be int, is float"),
    (c.check(float), False, "must be float, is bool"),
    (c.check(float), math.nan, "must be float, is not finite"),
    (c.check(float), -math.inf, "must be float, is not finite"),
    (c.check(bool), 1, "must be bool, is int"),
    (c.check(list), "abc", "must be list, is str"),
    (c.check(dict), [], "must be dict, is list"),
    (c.check(str, nullable=True, min_length=2), "a", "must have at least 2 characters, has 1"),
    (c.check(str, max_length=3), "abcd", "must have at most 3 characters, has 4"),
    (c.check(str, max_length=3), "\N{GRINNING FACE}" * 2, "must have at most 3 characters, has 4"),
    (c.check(str, min_length=2), "\N{GRINNING FACE}", "must have at least 2 characters, has 1"),
    (c.check(str, max_length=1), "\ud800\ud800", "must have at most 1 characters, has 2"),
    (c.check(str, not_blank=True), " \t\u2003", "must not be blank"),
    (c.check(str, pattern="^https://.+$"), "http://x", "must match ^https://.+$"),
    (c.check(str, pattern="^https://.+$"), "https://x\n", "must match ^https://.+$"),
    (c.check(str, pattern=r"^a\\$"), "a\\\n", r"must match ^a\\$"),
    (c.check(int, ge=1), 0, "must be at least 1"),
    (c.check(float, gt=0), 0.0, "must be more than 0"),
    (c.check(int, le=100), 101, "must be at most 100"),
    (c.check(int, lt=3), 3, "must be less than 3"),
    (c.check(int, multiple_of=3), 10**30 + 1, "must be a multiple of 3"),
    (c.check(float, multiple_of=0.1), 0.35, "must be a multiple of 0.1"),
    (c.check(list, min_items=1), [], "must have at least 1 items, has 0"),
    (c.check(list, max_items=1), [1, 2], "must have at most 1 items, has 2"),
    (c.check(list, unique_items=True), [{"a": 1}, 2, {"a": 1}], "must not hold an item twice"),
    (c.check(dict, min_properties=1), {}, "must have at least 1 entries, has 0"),
    (c.check(dict, max_properties=1), {"a": 1, "b": 2}, "must have at most 1 entries, has 2"),
    (c.check(dict, keys=c.check(str)), {1: 2}, "a key must be str, is int"),
    (c.check(dict, keys=c.check(str, not_blank=True)), {"a": 1, " ": 2}, "a key must not be blank"),
]


@pytest.mark.parametrize(("check", "value", "rule"), BROKEN)
def test_a_broken_rule_is_found(check, value, rule):
    assert _problem(check, value) == ("", rule)


@pytest.mark.parametrize(
    ("check", "value", "path"),
    [
        (c.check(dict, values=c.check(str)), {"secret": "a", "other": 1}, ".*"),
        (c.check(list, each=c.check(list, each=c.check(int))), [[1], [2, "x"]], "[1][1]"),
        (c.check(dict, values=c.check(list, each=c.check(int))), {"secret": [1, None]}, ".*[1]"),
    ],
)
def test_the_path_leads_to_the_value_and_shows_no_key(check, value, path):
    found = _problem(check, value)

    assert found is not None
    assert found[0] == path
    assert "secret" not in "".join(found)


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (c.check(), object()),
        (c.check(str, nullable=True, min_length=2), None),
        (c.check(str), Colour.RED),
        (c.check(str, max_length=3), "äöü"),
        (c.check(str, pattern=r"^\s*\S[\s\S]*$"), " a\nb"),
        (c.check(str, pattern=r"\$$"), "5$"),
        (c.check(int, ge=0, le=0), 0),
        (c.check(float), 3),
        (c.check(float), 10**400),
        (c.check(str, float), "x"),
        (c.check(int, bool), True),
        (c.check(int, multiple_of=5), -10),
        (c.check(float, multiple_of=0.1), 0.3),
        (c.check(float, multiple_of=2), 4.0),
        (c.check(list, unique_items=True, min_items=2, max_items=2), [1, 2]),
        (c.check(list, each=c.check(str)), []),
        (c.check(dict, min_properties=1, keys=c.check(str), values=c.check(int)), {"a": 1}),
    ],
)
def test_what_keeps_all_rules_passes(check, value):
    assert _problem(check, value) is None


def test_unset_passes_every_rule():
    check = c.check(str, min_length=1)

    check(object(), attrs.fields(Sent).word, c.UNSET)


@given(st.text(), st.integers(0, 8), st.integers(0, 8))
def test_lengths_are_within_the_limits_by_either_count(text, low, high):
    units = len(text.encode("utf-16-le")) // 2

    passes = _problem(c.check(str, min_length=low, max_length=high), text) is None

    assert passes is (low <= len(text) and max(len(text), units) <= high)


@given(st.integers(), st.integers(), st.integers(1, 9))
def test_bounds_of_integers_are_exact(value, limit, step):
    assert (_problem(c.check(int, ge=limit), value) is None) is (value >= limit)
    assert (_problem(c.check(int, gt=limit), value) is None) is (value > limit)
    assert (_problem(c.check(int, le=limit), value) is None) is (value <= limit)
    assert (_problem(c.check(int, lt=limit), value) is None) is (value < limit)
    assert (_problem(c.check(int, multiple_of=step), value) is None) is (value % step == 0)


@given(st.integers(-(10**6), 10**6), st.sampled_from([0.1, 0.25, 0.01]))
def test_decimal_multiples_are_multiples(count, step):
    assert _problem(c.check(float, multiple_of=step), float(f"{count * step:.6f}")) is None


@given(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.none()) | st.just({}),
    st.sampled_from([str, int, float, bool, list, dict]),
)
def test_types_are_never_mixed_up(value, kind):
    finite = not isinstance(value, float) or math.isfinite(value)
    expected = (type(value) is kind or (kind is float and type(value) is int)) and finite

    assert (_problem(c.check(kind), value) is None) is expected


def test_every_rule_has_a_function():
    assert set(c._RULES) == set(c.Rules.__annotations__)


def test_enums_of_other_kinds_are_no_strings():
    class Number(enum.Enum):
        ONE = 1

    assert _problem(c.check(str), Number.ONE) == ("", "must be str, is Number")
