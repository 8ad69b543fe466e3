"""Whether a client takes JSON."""

import pytest

from plextera_async.sandbox.wire.accept import takes_json


@pytest.mark.parametrize(
    ("accept", "takes"),
    [
        ("", True),
        ("  ", True),
        ("*/*", True),
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("text/html, */*;q=0.1", True),
        ("application/*", True),
        ("application/json;q=0", False),
        ("application/json;q=0, */*", False),
        ("*/*;q=0", False),
        ("application/*;q=0, application/json", True),
        ("text/html", False),
        ("application/problem+json", False),
        ("application/json;q=high", True),
        ("garbage", False),
    ],
)
def test_the_most_specific_range_decides(accept: str, takes: bool) -> None:  # noqa: FBT001 (a column)
    assert takes_json(accept) is takes
