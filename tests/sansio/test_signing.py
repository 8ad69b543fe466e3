"""Signatures: fixed answers, because signing and checking share code, and laws."""

import string
from email import message_from_string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, MultiDict

from plextera_async._sansio.signing import distrust, header_value, sign

SECRETS = st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"]))
BODY, SECRET, AT = b'{"eventId":"evt_1"}', "whsec_test", 1_700_000_000
# printf '1700000000.{"eventId":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test
KNOWN = "e5d7e0bf889a38c38767b47b28f8d24b766e8a958515f0f2056f461e17ca73af"


def why(body=BODY, header=None, *, secrets=(SECRET,), now=float(AT), tolerance=300.0):
    return distrust(
        body,
        sign(BODY, SECRET, AT) if header is None else header,
        secrets=secrets,
        now=now,
        tolerance=tolerance,
    )


def test_the_signature_is_the_documented_one():
    assert sign(BODY, SECRET, AT) == f"t=1700000000,v1={KNOWN}"


@given(body=st.binary(), secret=SECRETS, at=st.integers(0, 10**11))
def test_what_was_signed_is_trusted(body, secret, at):
    assert distrust(body, sign(body, secret, at), secrets=["other", secret], now=at, tolerance=0) is None


@given(body=st.binary(min_size=1), data=st.data())
def test_a_flipped_bit_is_never_trusted(body, data):
    position = data.draw(st.integers(0, len(body) - 1))
    flipped = bytearray(body)
    flipped[position] ^= 1 << data.draw(st.integers(0, 7))

    assert "does not match" in (
        distrust(bytes(flipped), sign(body, SECRET, AT), secrets=[SECRET], now=AT, tolerance=1) or ""
    )


@pytest.mark.parametrize(
    ("now", "tolerance", "trusted"),
    [
        (AT, 0, True),
        (AT + 300, 300, True),
        (AT - 300, 300, True),
        (AT + 301, 300, False),
        (AT - 301, 300, False),
        (AT + 1, 0, False),
    ],
)
def test_time_counts_to_both_sides(now, tolerance, trusted):
    assert (why(now=now, tolerance=tolerance) is None) == trusted


def test_any_of_several_signatures_and_either_case_will_do():
    good = sign(BODY, SECRET, AT).partition("v1=")[2]

    assert why(header=f"t={AT},v1={'0' * 64},v1={good.upper()}") is None
    assert why(header=f"v0=x, t={AT} , v1={good}") is None


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=",
        f"t={AT}",
        f"t={AT},v1=",
        f"t={AT},v1=zz",
        f"t={AT},t={AT},v1={'0' * 64}",
        f"t=-1,v1={'0' * 64}",
        f"t=١٢,v1={'0' * 64}",
        f"t=abc,v1={'0' * 64}",
        f"t={'9' * 400},v1={'0' * 64}",
        f"t={AT},v1={'é' * 64}",
        f"t={AT},v1={'0' * 64}",
        ",,,===",
    ],
)
def test_bad_headers_are_not_trusted(header):
    assert why(header=header) is not None


@given(header=st.text())
def test_no_text_makes_it_raise(header):
    assert why(header=header) is not None


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Plextera-Signature": "t=1"},
        {"x-plextera-signature": "t=1"},
        {b"X-PLEXTERA-SIGNATURE": b"t=1"},
        {1: 2, "X-Plextera-Signature": "t=1"},
        [(b"host", b"example.com"), (b"x-plextera-signature", b"t=1")],
        iter([("X-Plextera-Signature", "t=1")]),
        CIMultiDict({"X-PLEXTERA-SIGNATURE": "t=1"}),
        message_from_string(
            "X-Plextera-Signature: t=1\n\n"
        ),  # as of http.server: no mapping, but with items()
    ],
)
def test_the_header_is_found_in_any_spelling(headers):
    assert header_value(headers) == "t=1"


@pytest.mark.parametrize(
    "headers",
    [
        MultiDict([("x-plextera-signature", "t=1"), ("X-Plextera-Signature", "t=2")]),
        [("x-plextera-signature", "t=1"), ("host", "example.com"), (b"X-Plextera-Signature", b"t=2")],
        {"x-plextera-signature": "t=1", "X-Plextera-Signature": "t=2"},
    ],
)
def test_several_headers_of_one_name_are_joined_so_that_one_alone_is_never_trusted(headers):
    assert header_value(headers) == "t=1,t=2"


class Broken(dict):
    def items(self):
        raise RuntimeError


@pytest.mark.parametrize(
    "headers",
    [
        {},
        None,
        [],
        7,
        "x-plextera-signature",
        ["x-plextera-signature"],
        Broken(),
        {"x": string.ascii_letters},
    ],
)
def test_no_header_is_none(headers):
    assert header_value(headers) is None
