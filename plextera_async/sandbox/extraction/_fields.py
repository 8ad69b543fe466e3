"""Builds the fields of one document: unique ids, guessed types, fixed confidence."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Literal

Rule = Literal["form_field", "definition", "table_row", "column", "line", "pdf_line"]

CONFIDENCE: dict[Rule, float] = {
    "form_field": 0.99,
    "definition": 0.95,
    "table_row": 0.95,
    "column": 0.9,
    "line": 0.9,
    "pdf_line": 0.8,
}
"""How far each rule can be trusted, from 0 to 1: explicit structure most, lines put together from glyphs least."""

_MAX_ID = 64
_WORD_BREAK = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"[+-]?(?:0|[1-9]\d{0,14}|[1-9]\d{0,2}(?:,\d{3}){1,4})(?:\.\d{1,15})?")
_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}
# Only forms that mean one day: 03/04/2026 stays text.
_DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y")

Typed = tuple[str, Any]


class Fields:
    """The fields of one document, in the order in which they were found."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []
        self._used: dict[str, int] = {}

    def add(
        self, name: str, text: str, rule: Rule, *, placements: list[dict[str, float]] | None = None
    ) -> None:
        """Add a field whose value is *text*, read as the type that it looks like."""
        kind, value = typed(text)
        self._append(name, kind, value, rule=rule, placements=placements)

    def add_column(self, name: str, cells: list[str]) -> None:
        """Add a field whose value is the list of *cells*; its type is the one that all of them share."""
        values = [typed(cell) for cell in cells]
        kinds = {kind for kind, value in values if value != ""}
        if len(kinds) == 1:
            kind = kinds.pop()
            column = [None if value == "" else value for _, value in values]
        else:
            kind, column = "string", list(cells)
        self._append(name, kind, column, rule="column", placements=None)

    def _append(
        self, name: str, kind: str, value: Any, *, rule: Rule, placements: list[dict[str, float]] | None
    ) -> None:
        field = {
            "id": self._unique(name),
            "name": name,
            "type": kind,
            "value": value,
            "confidence": CONFIDENCE[rule],
        }
        if placements is not None:
            field["placements"] = placements
        self.found.append(field)

    def _unique(self, name: str) -> str:
        slug = _WORD_BREAK.sub("-", name.casefold()).strip("-")[:_MAX_ID] or "field"
        candidate = slug
        while candidate in self._used:
            self._used[slug] += 1
            candidate = f"{slug}-{self._used[slug]}"
        self._used[candidate] = 1
        return candidate


def typed(text: str) -> Typed:
    """Guess the type of a value; what could mean two things stays a string, as do numbers with leading zeros."""
    text = text.strip()
    for guess in _GUESSES:
        found = guess(text)
        if found is not None:
            return found
    return "string", text


def _number(text: str) -> Typed | None:
    if not _NUMBER.fullmatch(text):
        return None
    digits = text.replace(",", "")
    return "number", float(digits) if "." in digits else int(digits)


def _boolean(text: str) -> Typed | None:
    value = _BOOLEANS.get(text.lower())
    return None if value is None else ("boolean", value)


def _date(text: str) -> Typed | None:
    if not (text[:1].isalnum() and text[-4:].strip("/-").isdigit()):
        return None  # nothing that any of the formats could match; most values end here
    for form in _DATE_FORMATS:
        day = _parsed(text, form)
        if day is not None:
            return "date", day.isoformat()
    return None


def _parsed(text: str, form: str) -> date | None:
    try:
        return datetime.strptime(text, form).date()  # noqa: DTZ007 (a calendar day has no time zone)
    except ValueError:
        return None


_GUESSES: tuple[Callable[[str], Typed | None], ...] = (_number, _boolean, _date)
