"""The rules that read fields out of documents."""

import builtins
import importlib
import io
import threading
from typing import Any

import pypdfium2
import pytest

from plextera_async.sandbox.extraction import CONFIDENCE, Reading, read_document
from tests.sandbox.support import check_box, pdf, text_field


def read(content: bytes, kind: str) -> Reading:
    return read_document(lambda: content, kind, stopping=threading.Event())


def values(content: bytes | str, kind: str = "text/plain") -> dict[str, Any]:
    content = content.encode() if isinstance(content, str) else content
    return {field["name"]: field["value"] for field in read(content, kind).fields}


# Text


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("Name: Alice", {"Name": "Alice"}),
        ("  Patient name :  Alice B.  ", {"Patient name": "Alice B."}),
        ("Name:\tAlice", {"Name": "Alice"}),
        ("Name: Alice    Age: 7", {"Name": "Alice", "Age": 7}),
        ("Name:      Alice", {"Name": "Alice"}),
        ("Name:\t\tAge: 7", {"Age": 7}),
        ("Time: 10:30", {"Time": "10:30"}),
        ("See https://example.com", {}),
        ("at 10:30 sharp", {}),
        ("Name:", {}),
        (": value", {}),
        ("- item: value", {}),
        ("x" * 61 + ": value", {}),
        ("Name: " + "x" * 2000, {}),
        ("no colon here", {}),
        ("Link: https://example.com/a?b=c", {"Link": "https://example.com/a?b=c"}),
        ("\u0627\u0633\u0645: \u0639\u0644\u064a", {"\u0627\u0633\u0645": "\u0639\u0644\u064a"}),
    ],
)
def test_labels_and_values_stand_on_lines(line: str, found: dict[str, Any]) -> None:
    assert values(line) == found


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("12", "number", 12),
        ("-1,234.50", "number", -1234.5),
        ("0.5", "number", 0.5),
        ("007", "string", "007"),
        ("1,23", "string", "1,23"),
        ("12 kg", "string", "12 kg"),
        ("1234567890123456", "string", "1234567890123456"),
        ("yes", "boolean", True),
        ("FALSE", "boolean", False),
        ("2026-03-04", "date", "2026-03-04"),
        ("2026/3/4", "date", "2026-03-04"),
        ("4 March 2026", "date", "2026-03-04"),
        ("Mar 4, 2026", "date", "2026-03-04"),
        ("2026-02-30", "string", "2026-02-30"),
        ("4 Brumaire 2026", "string", "4 Brumaire 2026"),
        ("03/04/2026", "string", "03/04/2026"),
        ("\u0663", "string", "\u0663"),
    ],
)
def test_types_are_guessed_when_there_is_no_doubt(text: str, kind: str, value: Any) -> None:
    [field] = read(f"Field: {text}".encode(), "text/plain").fields

    assert (field["type"], field["value"]) == (kind, value)
    assert field["confidence"] == CONFIDENCE["line"]
    assert "placements" not in field


def test_ids_are_stable_and_unique() -> None:
    text = "Total: 1\nTOTAL: 2\nTotal 2: 3\nTotal: 4\n\u00c9t\u00e9 no.: 5\n" + "Long " * 11 + "x: 6"
    ids = [field["id"] for field in read(text.encode(), "text/plain").fields]

    assert ids[:5] == ["total", "total-2", "total-2-2", "total-3", "\u00e9t\u00e9-no"]
    assert len(set(ids)) == len(ids)
    assert ids == [field["id"] for field in read(text.encode(), "text/plain").fields]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_text_comes_in_several_encodings(encoding: str) -> None:
    assert values("Ort: K\u00f6ln".encode(encoding)) == {"Ort": "K\u00f6ln"}


# CSV


def test_each_column_is_a_field() -> None:
    fields = read(b"Item,Price,When,Note\nbolt,1.5,2026-01-02,\nnut,,2026-01-03,3\n\n", "text/csv").fields

    assert [(field["id"], field["type"], field["value"]) for field in fields] == [
        ("item", "string", ["bolt", "nut"]),
        ("price", "number", [1.5, None]),
        ("when", "date", ["2026-01-02", "2026-01-03"]),
        ("note", "number", [None, 3]),
    ]
    assert {field["confidence"] for field in fields} == {CONFIDENCE["column"]}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a;b\n1;2", {"a": [1], "b": [2]}),
        ("a\tb\n1\t2", {"a": [1], "b": [2]}),
        ("a|b\n1|2", {"a": [1], "b": [2]}),
        ('a,"b, c"\n"1\n2",x', {"a": ["1\n2"], "b, c": ["x"]}),
        ("a,b\n1\n2,3,4", {"a": [1, 2], "b": [None, 3], "Column 3": [None, 4]}),
        ("a\n1\nx", {"a": ["1", "x"]}),
        ("a,b", {"a": [], "b": []}),
        ("", {}),
        ("\n\n", {}),
    ],
)
def test_csv_comes_in_several_shapes(text: str, found: dict[str, Any]) -> None:
    assert values(text, "text/csv") == found


# HTML


def test_html_tables_lists_and_lines_are_read() -> None:
    page = """<!doctype html><style>Color: red</style><script>Var: 1</script>
    <h1>Invoice</h1><p>Number: <b>A-7</b><br>Date: 2026-01-02</p>
    <table><tr><td>Customer:</td><td>Alice &amp;
       Co</td></tr><tr><th>Total</th><td>12.50</td><tr><td>a</td><td>b</td><td>c</td></tr><tr><td></td></tr></table>
    <table><thead><tr><th>Item<th>Qty</tr></thead><tr><td>bolt</td><td>2</td></tr><tr><td>nut</td></tr></table>
    <dl><dt>Ship to<dd>Berlin<dt>Express</dt><dd>yes</dd></dl>"""

    assert values(page, "text/html") == {
        "Customer": "Alice & Co",
        "Total": 12.5,
        "Item": ["bolt", "nut"],
        "Qty": [2, None],
        "Ship to": "Berlin",
        "Express": True,
        "Number": "A-7",
        "Date": "2026-01-02",
    }


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("<table><tr><td>Name<td>Alice", {"Name": "Alice"}),
        ("<table><td>Name</td><td>Alice</td></table>", {"Name": "Alice"}),
        ("<td>Name: x</td>", {"Name": "x"}),
        (
            "<table><tr><td>Outer</td><td><table><tr><td>Inner</td><td>1</td></tr></table>2</td></tr></table>",
            {"Inner": 1, "Outer": 2},
        ),
        ("<dl><dt>Term<dd>", {}),
        ("<dl><dd>No term</dl>", {}),
        ("<dl><dt>Term<dd>open end", {"Term": "open end"}),
        ("<dl><dt>Term</dl><p>After: 1", {"After": 1}),
        ("</table></script><tr>Name: x", {"Name": "x"}),
        ("<table><tr></tr></table>", {}),
        ("<p>Name:<br>x</p>", {}),
        ("<div>A: 1</div><div>B: 2</div>", {"A": 1, "B": 2}),
    ],
)
def test_html_need_not_be_tidy(page: str, found: dict[str, Any]) -> None:
    assert values(page, "text/html") == found


# PDF


def test_pdf_lines_become_fields_with_their_place() -> None:
    content = pdf([(50, 350, "Name: Alice"), (50, 300, "Total: 12.50")])
    name, total = read(content, "application/pdf").fields

    assert (name["name"], name["value"], name["confidence"]) == ("Name", "Alice", CONFIDENCE["pdf_line"])
    assert (total["type"], total["value"]) == ("number", 12.5)
    [place] = name["placements"]
    assert place["page"] == 1
    assert 75 < place["x"] < 85
    assert 40 < place["y"] < 50
    assert 15 < place["width"] < 35
    assert 5 < place["height"] < 15


def test_wide_gaps_in_a_pdf_separate_columns() -> None:
    content = pdf([(20, 350, "Name: Alice B."), (200, 350, "Age: 7")])

    assert values(content, "application/pdf") == {"Name": "Alice B.", "Age": 7}


@pytest.mark.parametrize(("rotate", "box"), [(90, "0 0 300 400"), (0, "100 100 400 500")])
def test_places_are_those_of_the_page_as_it_is_shown(rotate: int, box: str) -> None:
    [field] = read(pdf([(150, 350, "Name: Alice")], rotate=rotate, media_box=box), "application/pdf").fields
    [place] = field["placements"]

    if rotate:
        assert (345 < place["x"] < 355, 175 < place["y"] < 190) == (True, True)
        assert place["height"] > place["width"]
    else:
        assert (75 < place["x"] < 85, 140 < place["y"] < 150) == (True, True)


def test_filled_in_form_fields_are_read() -> None:
    widgets = [
        text_field("City", "Berlin", "10 20 110 40"),
        text_field("Empty", ""),
        check_box("Agreed", checked=True),
        check_box("Newsletter", checked=False),
        "<< /Type /Annot /Subtype /Text /Rect [0 0 5 5] >>",
    ]
    fields = read(pdf(annotations=widgets), "application/pdf").fields

    assert [(field["name"], field["value"]) for field in fields] == [
        ("City", "Berlin"),
        ("Agreed", True),
        ("Newsletter", False),
    ]
    assert fields[0]["confidence"] == CONFIDENCE["form_field"]
    assert fields[0]["placements"] == [{"page": 1, "x": 10, "y": 360, "width": 100, "height": 20}]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", "REJECTED", "BROKEN_DOCUMENT"),
        (b"%PDF-1.4\n%%EOF", "REJECTED", "BROKEN_DOCUMENT"),
        (pdf(media_box="0 400 300 0"), "REJECTED", "BROKEN_DOCUMENT"),
        (pdf().replace(b"/Kids [3 0 R] /Count 1", b"/Kids [] /Count 0     "), "REJECTED", "BROKEN_DOCUMENT"),
        (pdf().replace(b"/Kids [3 0 R] /Count 1", b"/Kids [9 0 R] /Count 1"), "REJECTED", "BROKEN_DOCUMENT"),
        (pdf(password="secret"), "FAILED", "DOCUMENT_LOCKED"),
    ],
)
def test_pdfs_that_cannot_be_read_say_why(content: bytes, status: str, code: str) -> None:
    reading = read(content, "application/pdf")

    assert (reading.status, reading.error and reading.error[0], reading.fields) == (status, code, [])


def test_a_pdf_without_pages_is_broken() -> None:
    buffer = io.BytesIO()
    document = pypdfium2.PdfDocument.new()
    document.save(buffer)
    document.close()

    assert read(buffer.getvalue(), "application/pdf").status == "REJECTED"


def test_without_pypdfium2_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def missing(name: str, package: str | None = None) -> Any:
        if name == "pypdfium2":
            raise builtins.ImportError(name)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", missing)
    reading = read(pdf(), "application/pdf")

    assert reading.status == "FAILED"
    assert reading.error is not None
    assert "plextera-async[cli]" in reading.error[1]


def test_a_long_pdf_is_given_up_when_the_sandbox_stops() -> None:
    stopping = threading.Event()
    stopping.set()

    assert read_document(lambda: pdf([(50, 50, "A: b")]), "application/pdf", stopping=stopping).fields == []


# Everything else


@pytest.mark.parametrize("kind", ["image/tiff", "audio/wav", "video/mp4", "application/zip"])
def test_other_kinds_complete_without_fields(kind: str) -> None:
    assert read(b"...", kind) == Reading("COMPLETED", [])


@pytest.mark.parametrize("kind", ["application/octet-stream", ""])
def test_unknown_kinds_are_rejected(kind: str) -> None:
    reading = read(b"...", kind)

    assert (reading.status, reading.error and reading.error[0]) == ("REJECTED", "UNSUPPORTED_DOCUMENT")
