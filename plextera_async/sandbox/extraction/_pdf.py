"""PDF: `Label: value` lines of its text with their places, and filled-in form fields; needs pypdfium2."""

import ctypes
import importlib
import threading
from typing import Any

from ._fields import Fields
from ._lines import pairs

# PDFium is not thread-safe, in no part of it, so this is one lock for the process and not one per sandbox.
_PDFIUM = threading.Lock()
_SCALE = 100
"""PDFium maps points to whole pixels; at this many to the point nothing is lost."""
_GAP = 1.5
"""A space wider than this many heights of its line separates columns; between words it is about a third."""

Box = tuple[float, float, float, float]
"""Left, bottom, right and top in the page's own coordinates, which grow upwards."""


class PdfBrokenError(Exception):
    """It cannot be opened, or its pages cannot."""


class PdfLockedError(Exception):
    """It needs a password."""


class MissingExtraError(Exception):
    """pypdfium2 is not installed."""


def read_pdf(content: bytes, fields: Fields, stopping: threading.Event) -> None:
    """Read the fields of a PDF.

    Placements are `{page, x, y, width, height}`: the page counted from 1, the rest in points (1/72 inch) from the
    top left corner of the page as it is shown.

    Raises:
        PdfBrokenError: If it cannot be opened, has no page, or a page without area (a media box whose corners are
            not lower left and upper right).
        PdfLockedError: If it needs a password.
        MissingExtraError: If pypdfium2 is not installed.
    """
    try:
        pdfium: Any = importlib.import_module("pypdfium2")  # of an extra, so only loaded for a PDF
    except ImportError as error:
        raise MissingExtraError from error
    with _PDFIUM:
        document = _opened(pdfium, content)
        try:
            for number in range(len(document)):
                if stopping.is_set():
                    break
                _read_page(pdfium.raw, document, number, fields)
        except pdfium.PdfiumError as error:
            raise PdfBrokenError from error
        finally:
            document.close()


def _opened(pdfium: Any, content: bytes) -> Any:
    try:
        document = pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        # A few failures, such as that of a document without pages, leave the reason of an earlier one standing.
        asks = pdfium.raw.FPDF_GetLastError() == pdfium.raw.FPDF_ERR_PASSWORD
        locked = asks and b"/Encrypt" in content
        raise (PdfLockedError if locked else PdfBrokenError) from error
    document.init_forms()
    return document


def _read_page(raw: Any, document: Any, number: int, fields: Fields) -> None:
    page = document[number]
    try:
        left, bottom, right, top = page.get_mediabox()
        if left >= right or bottom >= top:
            # PDFium would turn such a page round and go on; this service takes it for damage.
            raise PdfBrokenError
        place = _Places(raw, page, number + 1)
        _read_form(raw, document, page, place=place, fields=fields)
        textpage = page.get_textpage()
        try:
            _read_lines(textpage, place, fields)
        finally:
            textpage.close()
    finally:
        page.close()


def _read_lines(textpage: Any, place: "_Places", fields: Fields) -> None:
    start = 0
    for line in textpage.get_text_range().splitlines(keepends=True):
        if ":" in line:
            columns = place.with_gaps(textpage, start, line.rstrip("\r\n"))
            for label, value, at in pairs(columns):
                box = place.of_text(textpage, start + at, start + at + len(value))
                fields.add(label, value, "pdf_line", placements=box)
        # PDFium counts UTF-16 units.
        start += len(line.encode("utf-16-le", "surrogatepass")) // 2


class _Places:
    """Turns what PDFium knows of positions on one page into placements."""

    def __init__(self, raw: Any, page: Any, number: int) -> None:
        self._raw = raw
        self._page = page
        self._number = number
        self._size = tuple(round(side * _SCALE) for side in page.get_size())

    def with_gaps(self, textpage: Any, start: int, line: str) -> str:
        """Turn the spaces of a line that are as wide as a gap between columns into tabs."""
        box = self._around(textpage, start, start + len(line))
        if box is None:
            return line
        widest = _GAP * (box[3] - box[1])
        text = list(line)
        for at, character in enumerate(line[1:-1], 1):
            if character == " " and self._width(textpage, start + at) > widest:
                text[at] = "\t"
        return "".join(text)

    def of_text(self, textpage: Any, start: int, end: int) -> list[dict[str, float]]:
        """Place the characters between two indexes of the text, which stand on one line: one rectangle."""
        box = self._around(textpage, start, end)
        return [] if box is None else [self.of_box(*box)]

    def of_box(self, left: float, bottom: float, right: float, top: float) -> dict[str, float]:
        """Place a rectangle given in the page's own coordinates."""
        ends = [self._shown(left, top), self._shown(right, bottom)]
        (x0, x1), (y0, y1) = (sorted(values) for values in zip(*ends, strict=True))
        return {
            "page": self._number,
            "x": x0 / _SCALE,
            "y": y0 / _SCALE,
            "width": (x1 - x0) / _SCALE,
            "height": (y1 - y0) / _SCALE,
        }

    def _around(self, textpage: Any, start: int, end: int) -> Box | None:
        first, last = self._index(textpage, start), self._index(textpage, end - 1)
        boxes: list[Box] = []
        if 0 <= first <= last:
            for index in range(self._raw.FPDFText_CountRects(textpage, first, last - first + 1)):
                left, top, right, bottom = self._corners(self._raw.FPDFText_GetRect, textpage, index)
                boxes.append((left, bottom, right, top))
        if not boxes:
            return None
        lefts, bottoms, rights, tops = zip(*boxes, strict=True)
        return min(lefts), min(bottoms), max(rights), max(tops)

    def _width(self, textpage: Any, at: int) -> float:
        """Measure the space at an index of the text, from the letter before it to the one after it."""
        index = self._index(textpage, at)
        _, end_before, *_ = self._corners(self._raw.FPDFText_GetCharBox, textpage, index - 1)
        start_after, *_ = self._corners(self._raw.FPDFText_GetCharBox, textpage, index + 1)
        return start_after - end_before

    def _index(self, textpage: Any, at: int) -> int:
        index: int = self._raw.FPDFText_GetCharIndexFromTextIndex(textpage, at)
        return index

    def _corners(self, call: Any, textpage: Any, index: int) -> Box:
        one, two, three, four = (ctypes.c_double() for _ in range(4))
        call(textpage, index, one, two, three, four)
        return one.value, two.value, three.value, four.value

    def _shown(self, x: float, y: float) -> tuple[int, int]:
        # Takes rotation and a page box that does not begin at zero into account.
        to_x, to_y = ctypes.c_int(), ctypes.c_int()
        self._raw.FPDF_PageToDevice(self._page, 0, 0, *self._size, 0, x, y, to_x, to_y)
        return to_x.value, to_y.value


def _read_form(raw: Any, document: Any, page: Any, *, place: _Places, fields: Fields) -> None:
    """Read the text, choice and check box fields that are filled in."""
    form = document.formenv
    if form is None:
        return
    for index in range(raw.FPDFPage_GetAnnotCount(page)):
        annotation = raw.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        name, value = _form_field(raw, form, annotation)
        if name and value:
            box = raw.FS_RECTF()
            raw.FPDFAnnot_GetRect(annotation, box)
            placement = place.of_box(box.left, box.bottom, box.right, box.top)
            fields.add(name, value, "form_field", placements=[placement])
        raw.FPDFPage_CloseAnnot(annotation)


def _form_field(raw: Any, form: Any, annotation: Any) -> tuple[str, str]:
    """Take the name and the value; both empty if it is no such field."""
    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in (raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX):
        value = _wide(raw.FPDFAnnot_GetFormFieldValue, form, annotation)
    elif kind == raw.FPDF_FORMFIELD_CHECKBOX:
        value = "yes" if raw.FPDFAnnot_IsChecked(form, annotation) else "no"
    else:
        return "", ""
    return _wide(raw.FPDFAnnot_GetFormFieldName, form, annotation).strip(), value.strip()


def _wide(call: Any, form: Any, annotation: Any) -> str:
    """Read one of PDFium's UTF-16 strings: ask for the length, then for the text."""
    length = call(form, annotation, None, 0)
    buffer = (ctypes.c_ushort * (length // 2 + 1))()
    call(form, annotation, buffer, length)
    return bytes(buffer)[: max(0, length - 2)].decode("utf-16-le", "replace")
