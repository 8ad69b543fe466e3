import os

import pytest

from plextera_async.cli.showing.text import clean, readable_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("日本 é", "日本 é"),
        ("[red]x[/red]", "[red]x[/red]"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("two\nlines\tand\r\nmore", "two lines and  more"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\x9b31m", "\\x9b31m"),
        ("\udce9", "\\udce9"),
        ("no\u00a0break\u2028", "no break "),
    ],
)
def test_what_does_not_print_is_escaped(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_long_text_is_cut() -> None:
    assert clean("x" * 5000) == "x" * 1000 + "..."


def test_a_name_that_is_no_utf8_becomes_valid_text() -> None:
    path = os.fsdecode(b"caf\xe9.txt")

    assert readable_path(path) == "caf\\xe9.txt"
