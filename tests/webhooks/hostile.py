"""What strangers send: bodies, headers and signatures of every kind, some of them signed with the right secret."""

import json
from email.message import Message
from typing import Any

from hypothesis import strategies as st
from multidict import CIMultiDict, MultiDict
from starlette.datastructures import Headers

from plextera_async.webhooks import sign
from tests.webhooks.deliveries import SECRET, extraction_event

NOW = 1_770_000_000
"""What the verifier's clock shows."""

_EVENT = extraction_event()
_TYPES = [
    *(f"document-insights.{kind}.{end}" for kind in ("extraction", "job") for end in ("completed", "failed")),
    "workflow.run.completed",
    "workflow.run.archived",
    "",
]
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**40), 10**40),
    st.floats(),  # json writes NaN and Infinity, which are no JSON
    st.text(max_size=8),
    st.sampled_from(
        ["COMPLETED", "FAILED", "2026-01-02T03:04:05Z", "0000-00-00T99:99:99+99:99", "\x00\x1b[2J"]
    ),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_MOMENT = st.just("2026-01-02T03:04:05Z")
_PLAUSIBLE_DATA = st.fixed_dictionaries(
    {"id": st.text(min_size=1, max_size=5), "status": st.sampled_from(["COMPLETED", "FAILED", "LATER"])},
    optional={
        **dict.fromkeys(["extractionId", "jobId", "runId", "workflowId"], st.just("an-id")),
        "output": st.just({"fields": [{"id": "a", "value": [[{}]]}]}),
        "steps": st.just([None, {"id": "s", "name": "n", "type": "x", "status": "FAILED", "output": None}]),
        "completedAt": _MOMENT,
        "later": _VALUES,
    },
)
_DATA = st.one_of(
    _PLAUSIBLE_DATA,
    _PLAUSIBLE_DATA,
    st.tuples(
        _PLAUSIBLE_DATA, st.sampled_from(["output", "steps", "document", "error", "id", "tags"]), _VALUES
    ).map(lambda parts: {**parts[0], parts[1]: parts[2]}),
    _VALUES,
)
_PLAUSIBLE = st.fixed_dictionaries(
    {
        "eventId": st.sampled_from(["evt_1", "evt_2", "\x00", "\u202e"]),
        "eventType": st.sampled_from(_TYPES),
        "occurredAt": _MOMENT,
        "apiVersion": st.just("v1"),
        "data": _DATA,
    },
    optional={"later": _VALUES},
)
_EVENTS = st.one_of(
    _PLAUSIBLE,
    _PLAUSIBLE,
    st.tuples(
        _PLAUSIBLE, st.sampled_from(["eventId", "eventType", "occurredAt", "apiVersion", "data"]), _VALUES
    ).map(lambda parts: {**parts[0], parts[1]: parts[2]}),
)
_DEEP = [
    _EVENT.replace(b'"status"', opening * depth + closing * depth + b', "status"')
    for depth in (400, 1000, 50_000)
    for opening, closing in ((b'"output": [', b"]"), (b'"output": {"a": ', b"}"))
] + [b"[" * 100_000, b'{"data":' * 50_000]
_ODD = [
    b"",
    b"null",
    b"[]",
    b"NaN",
    b"\xef\xbb\xbf" + _EVENT,
    _EVENT.decode().encode("utf-16"),
    _EVENT.replace(b"an-id", b"\\ud800"),
    _EVENT.replace(b"an-id", b"\xff"),
    _EVENT.replace(b'"an-id"', b"1" * 5000),
    _EVENT.replace(b'"an-id"', b"-1e999"),
    _EVENT.replace(b'"data"', b'"data": 1, "data"'),
    _EVENT[:-20],
    _EVENT * 2,
]


def _written(event: Any) -> bytes:
    return json.dumps(event, ensure_ascii=True).encode()


def _cut(body: bytes) -> Any:
    return st.integers(0, len(body)).map(lambda at: body[:at])


RAW_BODIES = st.one_of(
    _EVENTS.map(_written),
    _EVENTS.map(_written),
    _EVENTS.map(_written).flatmap(_cut),
    st.just(_EVENT),
    st.sampled_from(_ODD + _DEEP),
    st.binary(max_size=200),
)
"""Bytes, many of them events or nearly so."""


def _released(body: bytes) -> memoryview:
    view = memoryview(body)
    view.release()
    return view


BODY_KINDS: list[Any] = [
    *[bytes] * 7,
    bytearray,
    memoryview,
    lambda body: memoryview(body + body)[::2],
    _released,
    lambda body: body.decode("latin-1"),
    lambda body: {"eventId": "evt_1", "body": body},
    lambda body: [body],
    lambda _: None,
]
"""What a framework may hand over in place of the raw body."""

_STAMPS = st.one_of(
    st.just(str(NOW)),
    st.integers(NOW - 400, NOW + 400).map(str),
    st.sampled_from(
        ["", "-1", "+1", " 1", "1.5", "1e9", "0x1", "9" * 12, "9" * 5000, "\u0661\u0662", "\u00b2", "nan"]
    ),
    st.text(max_size=5),
)
_DIGESTS = st.one_of(
    st.just("0" * 64),
    st.sampled_from(["", "0" * 63, "0" * 65, "zz" * 32, "\uff10" * 64, "f" * 100_000]),
    st.text(max_size=70),
)
_PAIRS = st.one_of(
    st.tuples(st.just("t"), _STAMPS),
    st.tuples(st.sampled_from(["v1", "v0", "V1", "v1 ", ""]), _DIGESTS),
    st.tuples(st.text(max_size=3), st.text(max_size=5)),
)


def _signature(body: bytes) -> Any:
    good = sign(body, SECRET, NOW)
    digest = good.partition("v1=")[2]
    return st.one_of(
        st.just(good),
        st.just(good),
        st.just(good.upper()),
        st.just(good.replace(",", " , ")),
        st.just(f"v0=1,v1={'0' * 64},{good},v1=zz"),
        st.just(f"t={NOW},v0={digest}"),
        st.just(f"t={NOW},{good}"),
        st.just(",".join([good, *[f"v1={'0' * 64}"] * 500])),
        st.just(sign(body, SECRET + "x", NOW)),
        st.just(sign(body, SECRET, NOW - 301)),
        st.lists(_PAIRS, max_size=5).map(lambda pairs: ",".join(f"{name}={value}" for name, value in pairs)),
        st.text(max_size=50),
    )


_NAMES = st.sampled_from(
    [
        "X-Plextera-Signature",
        "x-plextera-signature",
        "X-PLEXTERA-SIGNATURE",
        b"x-plextera-signature",
        b"X-Plextera-\xffSignature",
        "X-Plextera-Signature ",
        "Content-Type",
        "",
        None,
        7,
    ]
)
_OTHER_VALUES = st.one_of(
    st.none(),
    st.integers(),
    st.binary(max_size=20),
    st.text(max_size=20),
    st.just("v" * 100_000),
    st.just(["a"]),
)


def _message(lines: list[tuple[Any, Any]]) -> Message:
    message = Message()
    for name, value in lines:
        if isinstance(name, str) and isinstance(value, str):
            message[name] = value
    return message


def _multi(kind: Any) -> Any:
    return lambda lines: kind([(name, value) for name, value in lines if isinstance(name, str)])


def _raw_lines(lines: list[tuple[Any, Any]]) -> Headers:
    return Headers(
        raw=[
            (name.encode("latin-1", "replace").lower(), value.encode("latin-1", "replace"))
            for name, value in lines
            if isinstance(name, str) and isinstance(value, str)
        ]
    )


class _Broken(dict[Any, Any]):
    def items(self) -> Any:
        raise RuntimeError("headers that cannot be read")


HEADER_KINDS: list[Any] = [
    *[dict] * 4,
    list,
    tuple,
    iter,
    _multi(MultiDict),
    _multi(CIMultiDict),
    _raw_lines,
    _message,
    _Broken,
    lambda lines: [name for name, _ in lines],
    str,
    lambda _: None,
]
"""What a framework may hand over as headers."""


def header_lines(body: bytes) -> Any:
    """Give lines of headers: names and values of any kind, the signature among them, as a rule, once or several times."""
    value = st.one_of(_signature(body), _signature(body).map(str.encode).map(bytes), _OTHER_VALUES)
    first = st.tuples(st.one_of(st.just("X-Plextera-Signature"), _NAMES), _signature(body))
    return st.tuples(first, st.lists(st.tuples(_NAMES, value), max_size=2)).map(
        lambda drawn: [drawn[0], *drawn[1]]
    )


@st.composite
def deliveries(draw: Any) -> tuple[bytes, Any, Any, bool]:
    """Give the raw body, what is handed over as body and as headers, and whether it is a plain, well-signed one."""
    raw = draw(RAW_BODIES)
    if draw(st.integers(0, 3)):  # so that what is in the body gets its turn
        name = draw(st.sampled_from(["X-Plextera-Signature", b"x-plextera-signature"]))
        signature = sign(raw, SECRET, NOW)
        value = signature.encode() if isinstance(name, bytes) else signature
        return raw, raw, {"Host": "example.com", name: value}, True
    body = draw(st.sampled_from(BODY_KINDS))(raw)
    headers = draw(st.sampled_from(HEADER_KINDS))(draw(header_lines(raw)))
    return raw, body, headers, False
