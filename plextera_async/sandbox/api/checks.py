"""Checks what clients send; every problem of a body is told at once, with its field."""

import re
from collections.abc import Collection, Mapping
from typing import Any, TypeGuard, cast

from plextera_async.sandbox.wire.answers import RefusedError

_HTTPS = re.compile(r"https://.+", re.DOTALL)
_HTTPS_URI = re.compile(r"https://(?:[\w.~:/?#@!$&'()*+,;=\[\]-]|%[0-9A-Fa-f]{2})*", re.ASCII)  # RFC 3986
_HUB_ID = re.compile(r"[0-9a-fA-F]{24}")
_UNKNOWN_HUB = "f" * 24
_SPACE = "\t\n\v\f\r \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
"""White space as in patterns of JSON Schema (ECMA-262), by which blanks are documented; Python has some more."""
_MAX_ENTRIES, _MAX_KEY, _MAX_VALUE = 50, 64, 512


class Checked:
    """A JSON object under inspection: each question returns the value, or notes what is wrong with it."""

    def __init__(self, body: Any) -> None:
        if not isinstance(body, dict):
            raise RefusedError(400, "the body must be a JSON object")
        self._body = cast("dict[str, Any]", body)
        self._prefix = ""
        self._problems: list[dict[str, str]] = []

    def __contains__(self, field: str) -> bool:
        return field in self._body

    def problem(self, field: str, issue: str) -> None:
        """Note a problem."""
        self._problems.append({"field": f"{self._prefix}{field}", "issue": issue})

    def inside(self, field: str, value: dict[str, Any]) -> "Checked":
        """Inspect an object inside this one; its problems are told with this one's."""
        inner = Checked(value)
        inner._prefix = f"{self._prefix}{field}."
        inner._problems = self._problems
        return inner

    def done(self) -> None:
        """Finish the inspection.

        Raises:
            RefusedError: 422 if there was a problem.
        """
        if self._problems:
            raise RefusedError(422, "The request has invalid fields.", self._problems)

    def text(self, field: str, *, longest: int | None = None, required: bool = False) -> str | None:
        """Ask for a string of at least one character; None when it is absent."""
        value = self.string(field, required=required)
        if value == "":
            self.problem(field, "must have at least one character")
        elif value is not None and longest is not None and len(value) > longest:
            self.problem(field, f"must have at most {longest} characters")
        else:
            return value
        return None

    def string(self, field: str, *, required: bool = False) -> str | None:
        """Ask for a string, which may be empty; None when it is absent."""
        value = self._present(field, required=required)
        if value is None or isinstance(value, str):
            return value
        self.problem(field, "must be a string")
        return None

    def https_url(self, field: str, *, required: bool = False) -> str | None:
        """Ask for something that begins as an https URL: all that is documented for endpoints."""
        return self._matching(_HTTPS, field, required=required)

    def https_uri(self, field: str) -> str | None:
        """Ask for a well-formed https URI (RFC 3986)."""
        return self._matching(_HTTPS_URI, field, required=True)

    def choice(self, field: str, allowed: Collection[str]) -> str | None:
        """Ask for one of a few strings."""
        value = self._present(field, required=False)
        if value is None:
            return None
        if isinstance(value, str) and value in allowed:
            return value
        self.problem(field, f"must be one of {', '.join(allowed)}")
        return None

    def choices(self, field: str, allowed: Collection[str], *, required: bool) -> list[str] | None:
        """Ask for a list of at least one of a few strings."""
        value = self._present(field, required=required)
        if value is None:
            return None
        items = value if _is_list(value) else []
        if not items:
            self.problem(field, "must be a list of at least one")
        elif any(not isinstance(item, str) or item not in allowed for item in items):
            self.problem(field, f"may only hold {', '.join(allowed)}")
        else:
            return list(dict.fromkeys(items))
        return None

    def object(self, field: str, *, required: bool = False) -> dict[str, Any] | None:
        """Ask for an object."""
        value = self._present(field, required=required)
        if isinstance(value, dict):
            return cast("dict[str, Any]", value)
        if value is not None:
            self.problem(field, "must be an object")
        return None

    def string_map(self, field: str) -> dict[str, str] | None:
        """Ask for `tags` or `metadata`: at most 50 entries, keys of 1-64 and values of 1-512 characters."""
        value = self.object(field)
        if value is None:
            return None
        if len(value) > _MAX_ENTRIES:
            self.problem(field, f"must have at most {_MAX_ENTRIES} entries")
        for key, entry in value.items():
            self._entry(field, key, entry)
        return value

    def hub_id(self, field: str) -> str | None:
        """Ask for the id of an enabled hub: 24 hexadecimal characters, of which the one with every digit `f` is not."""
        value = self._present(field, required=False)
        if value is None:
            return None
        if not isinstance(value, str) or not _HUB_ID.fullmatch(value) or value.lower() == _UNKNOWN_HUB:
            self.problem(field, "must be the id of an enabled hub: 24 hexadecimal characters")
            return None
        return value

    def _matching(self, pattern: re.Pattern[str], field: str, *, required: bool) -> str | None:
        value = self.text(field, required=required)
        if value is None or pattern.fullmatch(value):
            return value
        self.problem(field, "must be an https URL")
        return None

    def _present(self, field: str, *, required: bool) -> Any:
        value = self._body.get(field)
        if value is None and (required or field in self._body):
            self.problem(field, "is required" if required else "must not be null")
        return value

    def _entry(self, field: str, key: str, value: Any) -> None:
        # The key itself is the client's data, and stays out of the message.
        if not key.strip(_SPACE) or len(key) > _MAX_KEY:
            self.problem(field, f"keys must have 1 to {_MAX_KEY} characters and must not be blank")
        if not isinstance(value, str) or not value.strip(_SPACE) or len(value) > _MAX_VALUE:
            self.problem(
                field, f"values must be strings of 1 to {_MAX_VALUE} characters and must not be blank"
            )


def found(records: Mapping[str, Any], record_id: str, what: str) -> Any:
    """Look a record up.

    Raises:
        RefusedError: 404 if there is none.
    """
    record = records.get(record_id)
    if record is None:
        raise RefusedError(404, f"There is no such {what} in this workspace.")
    return record


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)
