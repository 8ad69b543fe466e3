"""How an API key must look, and that it never shows."""

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plextera_async._sansio.credentials import Secret, check_api_key
from plextera_async.errors import ConfigurationError

MARK = "pk_MARK"


def test_a_key_becomes_the_header():
    assert check_api_key(MARK).reveal() == f"api-key {MARK}"


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        (None, "PLEXTERA_API_KEY"),
        ("", "PLEXTERA_API_KEY"),
        (b"MARK", "must be a str, not bytes"),
        (7, "must be a str, not int"),
        ("api-key pk_MARK", "in front"),
        ("  API-Key pk_MARK", "in front"),
        (" ", "space"),
        ("pk_MARK ", "space"),
        ("pk_MARK\n", "line end"),
        ("pk_MARK\r\nX-Evil: 1", "line end"),
        ("pk MARK", "space"),
        ("pk\tMARK", "control"),
        ("pk\x00MARK", "control"),
        ("pk\x7fMARK", "control"),
        ("“pk_MARK”", "ASCII"),
        ("Bearer pk_MARK", "space"),
        ("pk_MARK\udcff", "ASCII"),
    ],
)
def test_what_cannot_be_a_key_is_refused_with_a_hint_and_never_quoted(key: object, hint: str):
    with pytest.raises(ConfigurationError, match=hint) as caught:
        check_api_key(key)

    assert "MARK" not in f"{caught.value}{caught.value!r}"
    assert caught.value.__cause__ is caught.value.__context__ is None


@given(st.text(max_size=30))
def test_what_passes_fits_in_a_header(key: str):
    try:
        value = check_api_key(key).reveal()
    except ConfigurationError:
        return

    assert value == f"api-key {key}"
    assert value.isascii()
    assert value.isprintable()
    assert value.count(" ") == 1


def test_a_secret_never_shows_itself():
    secret = Secret(MARK)

    assert MARK not in f"{secret} {secret!r} {secret!s} {[secret]} {dir(secret)}"


@pytest.mark.parametrize("make", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_secret_is_not_pickled(make):
    with pytest.raises(TypeError, match="not pickled"):
        make(Secret(MARK))
