"""What the server of the benchmarks answers: bodies as the contract has them, made once."""

import json
from typing import Any

__all__ = ["FIELDS", "completed", "file", "pending"]

FIELDS = 80
"""Fields of a result, which make it 18 KB long."""

_DOCUMENT = {
    "fileId": "file_01JZX8Q4T9N2M5K7P3R6V8W0YA",
    "fileName": "document.pdf",
    "mimeType": "application/pdf",
    "sizeBytes": 20480,
}
_TAGS = {"customerDocumentId": "lab-42", "plexteraClientKey": "0123456789abcdef0123456789abcdef"}


def _text(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _field(number: int) -> dict[str, Any]:
    return {
        "id": f"field-{number:04d}",
        "name": f"Measured quantity {number}",
        "type": ("text", "number", "boolean", "date")[number % 4],
        "value": (f"Value of field {number}", number * 1.25, True, "2026-11-21")[number % 4],
        "confidence": 0.5 + number / 1000,
        "placements": [
            {"page": number % 3, "box": {"left": 0.125, "top": 0.25, "width": 0.5, "height": 0.0625}}
        ],
        "reviewState": "NOT_REQUIRED",
    }


_OUTPUT = {"fields": [_field(number) for number in range(FIELDS)], "fieldCount": FIELDS}


def file(id: str) -> bytes:
    """Give the answer to an upload."""
    return _text(
        {
            "id": id,
            "name": "document.pdf",
            "mimeType": "application/pdf",
            "sizeBytes": 20480,
            "createdAt": "2026-11-21T08:00:00.123Z",
        }
    )


def pending(id: str, status: str) -> bytes:
    """Give an extraction that is under way."""
    return _text(_extraction(id, status, outputAvailable=False))


def completed(id: str) -> bytes:
    """Give an extraction that has ended, with its output: 18 KB."""
    ended = {"completedAt": "2026-11-21T08:00:09.5Z", "output": _OUTPUT}
    return _text(_extraction(id, "COMPLETED", outputAvailable=True, **ended))


def _extraction(id: str, status: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "status": status,
        "createdAt": "2026-11-21T08:00:01.5Z",
        "updatedAt": "2026-11-21T08:00:02.25Z",
        "tags": _TAGS,
        "document": _DOCUMENT,
        **more,
    }
