"""The documents of examples/ do what their README says."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from plextera_async.cli._app import app

EXAMPLES = Path(__file__).parents[1] / "examples"
NO_FIELDS = {".png"}


def ingest(folder: Path) -> tuple[Result, dict[str, Any]]:
    result = CliRunner().invoke(app, ["ingest", str(folder), "--sandbox"])
    lines = map(json.loads, result.stdout.splitlines())
    return result, {Path(line["source"]).name: line for line in lines}


def test_all_documents_complete_and_all_but_the_image_have_fields() -> None:
    result, lines = ingest(EXAMPLES / "documents")

    assert result.exit_code == 0
    assert {Path(name).suffix for name in lines} == {".pdf", ".txt", ".csv", ".html", ".png"}
    assert len(lines) == sum(path.is_file() for path in (EXAMPLES / "documents").rglob("*"))
    assert {line["status"] for line in lines.values()} == {"COMPLETED"}
    assert {Path(name).suffix for name, line in lines.items() if not line["fields"]} == NO_FIELDS


def test_fields_are_those_of_the_documents() -> None:
    _, lines = ingest(EXAMPLES / "documents")
    values = {
        name: {field["name"]: field["value"] for field in line["fields"]} for name, line in lines.items()
    }

    assert values["lab-result.pdf"]["Hemoglobin (g/dL)"] == 14.1
    assert values["delivery-note.txt"]["Insured"] is True
    assert values["meter-readings.csv"]["Reading (kWh)"] == [10482.5, 10733.0, 8120.0, 8345.5]
    assert values["invoice.html"]["Total"] == 221.4
    assert values["purchase-order.txt"]["Order Number"] == "PO-5512"


def test_what_is_rejected_is_rejected_for_the_reason_that_the_readme_gives() -> None:
    result, lines = ingest(EXAMPLES / "rejected")
    ends = {name: (line["status"], line.get("error", {}).get("code")) for name, line in lines.items()}
    twins = {ends.pop("twin-1.txt"), ends.pop("twin-2.txt")}

    assert result.exit_code == 1
    assert ends == {
        "empty.pdf": ("ERROR", "INVALID_INPUT"),
        "setup.sh": ("ERROR", "UNSUPPORTED_MEDIA_TYPE"),
        "broken.pdf": ("REJECTED", "BROKEN_DOCUMENT"),
        "unknown.dat": ("REJECTED", "UNSUPPORTED_DOCUMENT"),
        "locked.pdf": ("FAILED", "DOCUMENT_LOCKED"),
    }
    assert twins == {("COMPLETED", None), ("REJECTED", "DUPLICATE_DOCUMENT")}
    readme = (EXAMPLES / "README.md").read_text("utf-8")
    assert all(f"`{name}`" in readme for name in lines)
