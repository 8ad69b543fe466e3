"""Builds the fields of one document: unique ids, guessed types, fixed confidence."""

import re
from collections.abc import Callable
from datetime import date
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
_NUMBER = re.compile(r"[+-]?(?:0|[1-9]\d{0,14}|[1-9]\d{0,2}(?:,\d{3}){1,4})(?:\.\d{1,15})?", re.ASCII)
_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}
_MONTHS = "january february march april may june july august september october november december"
_MONTH = {name: number for number, full in enumerate(_MONTHS.split(), 1) for name in (full, full[:3])}
# Only forms that mean one day: 03/04/2026 stays text.
_DATES = (
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})", re.ASCII),
    re.compile(r"(?P<year>\d{4})/(?P<month>\d{1,2})/(?P<day>\d{1,2})", re.ASCII),
    re.compile(r"(?P<day>\d{1,2}) (?P<month>[A-Za-z]{3,9}) (?P<year>\d{4})", re.ASCII),
    re.compile(r"(?P<month>[A-Za-z]{3,9}) (?P<day>\d{1,2}), (?P<year>\d{4})", re.ASCII),
)

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
    found = next((match for form in _DATES if (match := form.fullmatch(text))), None)
    if found is None:
        return None
    month = found["month"]
    number = int(month) if month.isdigit() else _MONTH.get(month.lower(), 0)
    try:
        return "date", date(int(found["year"]), number, int(found["day"])).isoformat()
    except ValueError:
        return None  # no such day


_GUESSES: tuple[Callable[[str], Typed | None], ...] = (_number, _boolean, _date)
