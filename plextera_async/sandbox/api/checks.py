"""Checks what clients send; every problem of a body is told at once, with its field."""

import re
from collections.abc import Collection, Mapping
from typing import Any, cast

from plextera_async.sandbox.wire.answers import RefusedError

_HTTPS = re.compile(r"https://.+", re.DOTALL)
_HUB_ID = re.compile(r"[0-9a-fA-F]{24}")
_UNKNOWN_HUB = "0" * 24
_MAX_ENTRIES, _MAX_KEY, _MAX_VALUE = 50, 64, 512


class Checked:
    """A JSON object under inspection: each question returns the value, or notes what is wrong with it."""

    def __init__(self, body: Any) -> None:
        if not isinstance(body, dict):
            raise RefusedError(400, "the body must be a JSON object")
        self._body = cast("dict[str, Any]", body)
        self._problems: list[dict[str, str]] = []

    def __contains__(self, field: str) -> bool:
        return field in self._body

    def problem(self, field: str, issue: str) -> None:
        """Note a problem."""
        self._problems.append({"field": field, "issue": issue})

    def done(self) -> None:
        """Finish the inspection.

        Raises:
            RefusedError: 422 if there was a problem.
        """
        if self._problems:
            raise RefusedError(422, "The request has invalid fields.", self._problems)

    def text(self, field: str, *, longest: int | None = None, required: bool = False) -> str | None:
        """Ask for a string of at least one character; None when it is absent."""
        value = self._present(field, required=required)
        if value is None:
            return None
        if not isinstance(value, str) or not value:
            self.problem(field, "must be a string of at least one character")
        elif longest is not None and len(value) > longest:
            self.problem(field, f"must be at most {longest} characters")
        else:
            return value
        return None

    def https_url(self, field: str, *, required: bool = False) -> str | None:
        """Ask for an https URL."""
        value = self.text(field, required=required)
        if value is not None and not _HTTPS.fullmatch(value):
            self.problem(field, "must be an https URL")
            return None
        return value

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
        items: list[Any] = value if isinstance(value, list) else []
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
        """Ask for the id of an enabled hub: 24 hexadecimal characters, of which all zeros is not one."""
        value = self._present(field, required=False)
        if value is None:
            return None
        if not isinstance(value, str) or not _HUB_ID.fullmatch(value) or value == _UNKNOWN_HUB:
            self.problem(field, "must be the id of an enabled hub: 24 hexadecimal characters")
            return None
        return value

    def _present(self, field: str, *, required: bool) -> Any:
        value = self._body.get(field)
        if value is None and (required or field in self._body):
            self.problem(field, "is required" if required else "must not be null")
        return value

    def _entry(self, field: str, key: str, value: Any) -> None:
        # The key itself is the client's data, and stays out of the message.
        if not key.strip() or len(key) > _MAX_KEY:
            self.problem(field, f"keys must have 1 to {_MAX_KEY} characters and must not be blank")
        if not isinstance(value, str) or not value.strip() or len(value) > _MAX_VALUE:
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
