"""Answers for the decoding benchmark: 199 KB of runs, and an extraction of 300 fields, with properties we do not know."""

import json
from random import Random
from typing import Any

__all__ = ["extraction", "page_of_runs"]

_STEPS = (
    ("Read document", "document_insights"),
    ("Check totals", "web_function"),
    ("Match supplier", "document_insights"),
    ("Post to ledger", "web_function"),
)


def page_of_runs(seed: int) -> bytes:
    """Make a page of 100 runs of four steps each."""
    dice = Random(seed)  # noqa: S311 - figures, not secrets
    page = {"page": 0, "size": 100, "totalItems": 2411, "totalPages": 25}
    return _text({"data": [_run(dice) for _ in range(100)], "pageInfo": page})


def extraction(seed: int) -> bytes:
    """Make a completed extraction of 300 fields."""
    dice = Random(seed)  # noqa: S311 - as above
    document = {
        "fileId": _id(dice),
        "fileName": "a.pdf",
        "mimeType": "application/pdf",
        "sizeBytes": dice.randrange(10**6),
    }
    output = {"fields": [_field(dice, number) for number in range(300)], "fieldCount": 300}
    head = {"id": _id(dice), "status": "COMPLETED", "outputAvailable": True, **_times(dice)}
    return _text({**head, "tags": {"customerDocumentId": _id(dice)}, "document": document, "output": output})


def _text(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _id(dice: Random) -> str:
    return f"{dice.randrange(16**24):024x}"


def _times(dice: Random) -> dict[str, str]:
    names = ("createdAt", "updatedAt", "startedAt", "completedAt")
    return {
        name: f"2026-03-{dice.randrange(10, 29)}T10:{dice.randrange(10, 60)}:07.{dice.randrange(100, 999)}Z"
        for name in names
    }


def _run(dice: Random) -> dict[str, Any]:
    return {
        "id": _id(dice),
        "status": dice.choice(["COMPLETED", "COMPLETED", "FAILED", "PROCESSING"]),
        **_times(dice),
        "workflow": {"id": _id(dice), "name": "Supplier invoices, incoming"},
        "progress": {"stepsCompleted": 4, "stepsTotal": 4},
        "durationMs": dice.randrange(90_000),
        "computedDurationMs": dice.randrange(90_000),
        "steps": [_step(dice, number) for number in range(4)],
        "triggeredBy": {"kind": "api", "keyId": _id(dice)},
        "region": "eu-central-1",
        "note": "n" * dice.randrange(640, 660),
    }


def _step(dice: Random, number: int) -> dict[str, Any]:
    name, kind = _STEPS[number]
    read = {"fields": dice.randrange(40), "score": round(dice.random(), 4), "supplier": _id(dice), "ok": True}
    return {
        "id": f"step_{number + 1:02}",
        "status": "COMPLETED",
        "name": name,
        "type": kind,
        "message": "done",
        "output": None if number % 2 else read,
        "nestedRuns": {"count": 0, "data": []},
        "attempt": 1,
        "queue": f"q{dice.randrange(9)}",
    }


def _field(dice: Random, number: int) -> dict[str, Any]:
    column = ("sku", "text", "quantity", "unit", "price", "total")[number % 6]
    box = [round(dice.random(), 4) for _ in range(4)]
    return {
        "id": f"field_{number:03}",
        "name": f"line_items[{number // 6}].{column}",
        "type": dice.choice(["string", "number", "date"]),
        "value": dice.choice([f"value {dice.randrange(10**6)}", dice.randrange(10**5) / 100, "2026-02-03"]),
        "confidence": round(dice.random(), 4),
        "placements": [{"page": dice.randrange(3), "box": box}],
        "page": 1,
        "source": "ocr",
    }
