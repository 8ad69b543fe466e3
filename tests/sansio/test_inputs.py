"""What users hand in: JSON values and tags."""

import collections
import decimal
import enum
import json
import types
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plextera_async._sansio.codec import encode
from plextera_async._sansio.inputs import KEY_TAG, MOST_TAGS, checked, json_bytes, keyed_tags
from plextera_async.errors import ConfigurationError, InvalidInputError, PlexteraError
from plextera_async.models import DocumentByUrl, ExtractionCreate

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values)
def test_json_says_exactly_what_was_given(value: Any):
    assert json.loads(json_bytes(value, what="it")) == value


class Text(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "something else"


class Whole(int): ...


class Fraction(float): ...


class Word(enum.StrEnum):
    YES = "yes"


class Number(enum.IntEnum):
    TWO = 2


class Pair(NamedTuple):
    left: int
    right: int


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((1, (2,)), b"[1,[2]]"),
        (Pair(1, 2), b"[1,2]"),
        (types.MappingProxyType({"a": 1}), b'{"a":1}'),
        (collections.OrderedDict(a=1), b'{"a":1}'),
        (collections.UserDict(a=[1]), b'{"a":[1]}'),
        (Text("x"), b'"x"'),
        ({Text("x"): Text("y")}, b'{"x":"y"}'),
        (Whole(3), b"3"),
        (Fraction(1.5), b"1.5"),
        (Word.YES, b'"yes"'),
        ({Word.YES: 1}, b'{"yes":1}'),
        (Number.TWO, b"2"),
        (True, b"true"),
        (10**40, b"1" + b"0" * 40),
        (1e300, b"1e300"),
        ("日", '"日"'.encode()),
    ],
)
def test_kinds_of_json_types_are_taken_as_those(value: Any, text: bytes):
    assert json_bytes(value, what="it") == text


CYCLE: list[Any] = []
CYCLE.append({"again": CYCLE})


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (float("nan"), r"holds NaN or Infinity at \$, "),
        ({"MARK": [0, float("inf")]}, r"holds NaN or Infinity at \$\.\*\[1\], "),
        ([-float("inf")], r"holds NaN or Infinity at \$\[0\], "),
        ({1: "MARK"}, r"holds a key of type int at \$: "),
        ({"MARK": {None: 1}}, r"holds a key of type NoneType at \$\.\*: "),
        ([{("MARK",): 1}], r"holds a key of type tuple at \$\[0\]: "),
        ({"a": {b"MARK": 1}}, r"holds a key of type bytes at \$\.\*: "),
        (b"MARK", r"holds a bytes at \$, "),
        (bytearray(b"MARK"), r"holds a bytearray at \$, "),
        ({"MARK"}, r"holds a set at \$, "),
        ([datetime(2026, 1, 1, tzinfo=UTC)], r"holds a datetime at \$\[0\], "),
        (decimal.Decimal("1.5"), r"holds a Decimal at \$, "),
        (1j, r"holds a complex at \$, "),
        (object(), r"holds a object at \$, "),
        (range(3), r"holds a range at \$, "),
        (CYCLE, "nested too deeply, or holds itself$"),
        ("MARK\ud800", "holds text that is not valid Unicode"),
        ({"MARK\udfff": 1}, "holds text that is not valid Unicode"),
    ],
)
def test_what_json_cannot_say_is_refused_by_place_and_type(value: Any, problem: str):
    with pytest.raises(InvalidInputError, match=f"^the payload (is )?{problem}") as caught:
        json_bytes(value, what="the payload")

    assert "MARK" not in str(caught.value)
    assert caught.value.__context__ is None


def test_ten_thousand_levels_are_too_deep():
    value: list[Any] = []
    for _ in range(10_000):
        value = [value]

    with pytest.raises(InvalidInputError, match="nested too deeply"):
        json_bytes(value, what="it")


def _tags(number: int) -> dict[str, str]:
    return {f"t{index}": "v" for index in range(number)}


def _new() -> str:
    return "made"


@pytest.mark.parametrize(
    ("tags", "key", "new_key", "travels", "added"),
    [
        (None, None, None, None, {}),
        (None, None, _new, "made", {KEY_TAG: "made"}),
        (None, "mine", _new, "mine", {KEY_TAG: "mine"}),
        (None, "mine", None, "mine", {KEY_TAG: "mine"}),
        ({"a": "b"}, None, None, None, {}),
        ({"a": "b"}, "mine", None, "mine", {KEY_TAG: "mine"}),
        (_tags(49), None, _new, "made", {KEY_TAG: "made"}),
        (_tags(49), "mine", _new, "mine", {KEY_TAG: "mine"}),
        (_tags(50), None, _new, None, {}),
        (_tags(50), None, None, None, {}),
        ({KEY_TAG: "held"}, None, _new, "held", {}),
        ({KEY_TAG: "held"}, None, None, "held", {}),
        ({KEY_TAG: "held"}, "held", _new, "held", {}),
        ({**_tags(49), KEY_TAG: "held"}, None, _new, "held", {}),
        (types.MappingProxyType({"a": "b"}), None, None, None, {}),
    ],
)
def test_the_key_travels_among_the_tags(
    *, tags: Any, key: str | None, new_key: Any, travels: str | None, added: dict[str, str]
):
    before = dict(tags or {})

    assert keyed_tags(tags, key, new_key) == (travels, {**before, **added})
    assert dict(tags or {}) == before


@pytest.mark.parametrize(
    ("tags", "key", "problem"),
    [
        (_tags(50), "MARK", "50 tags already"),
        (_tags(51), "MARK", "50 tags already"),
        ({KEY_TAG: "MARK"}, "other", "differ"),
        (["MARK"], None, "not list"),
        ("MARK", None, "not str"),
        ([], None, "not list"),
    ],
)
def test_a_key_without_a_place_is_refused(tags: Any, key: str | None, problem: str):
    with pytest.raises(InvalidInputError, match=problem) as caught:
        keyed_tags(tags, key, _new)

    assert "MARK" not in str(caught.value)


def test_too_many_tags_are_the_models_business():
    assert keyed_tags(_tags(MOST_TAGS + 1), None, _new) == (None, _tags(MOST_TAGS + 1))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DocumentByUrl(url="ftp://MARK"), "url: must match ^https://"),
        (lambda: ExtractionCreate(document="MARK"), "document: must be "),
        (
            lambda: ExtractionCreate(document=DocumentByUrl(url="https://x"), tags={"MARK": ""}),
            "tags.*: must have at least 1 characters",
        ),
        (
            lambda: ExtractionCreate(document=DocumentByUrl(url="https://x"), tags={"": "MARK"}),
            "tags: a key must have at least 1 characters",
        ),
        (lambda: DocumentByUrl(url="https://x", nonsense="MARK"), "unexpected keyword argument"),
    ],
)
def test_what_a_request_model_refuses_is_invalid_input(make: Any, message: str):
    with pytest.raises(InvalidInputError) as caught, checked():
        make()

    assert message in str(caught.value)
    assert "MARK" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_text_that_is_no_unicode_is_not_quoted():
    with pytest.raises(InvalidInputError) as caught, checked():
        encode(DocumentByUrl(url="https://a.example/\udcffMARK"))

    assert str(caught.value) == "a text is not valid Unicode"
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("error", [InvalidInputError("as it is"), KeyError("not ours")])
def test_other_errors_stay_what_they_are(error: Exception):
    with pytest.raises(type(error)) as caught, checked():
        raise error

    assert caught.value is error


def test_nothing_refused_is_nothing_raised():
    with checked():
        made = DocumentByUrl(url="https://a.example")

    assert made.url == "https://a.example"


def test_settings_are_not_input():
    assert not issubclass(ConfigurationError, InvalidInputError)
    assert issubclass(InvalidInputError, PlexteraError)
