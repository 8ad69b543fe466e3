"""Reads fields out of documents by plain rules: no OCR, no model, the same bytes always give the same fields.

What it understands, one file per kind:

- text: lines of the form `Label: value`;
- CSV: each column is one field, whose value is the list of its cells;
- HTML: tables, definition lists, and `Label: value` lines in the text;
- PDF: `Label: value` lines of its text with the place of the value on the page, and filled-in form fields.

Everything else that the service accepts (images, office documents, archives, audio, video) completes with no
fields. Confidence is a fixed figure per rule (`CONFIDENCE`): how far the rule can be trusted, not a measurement.
"""

from ._fields import CONFIDENCE
from ._media import is_executable, media_type
from ._reading import Reading, read_document

__all__ = ["CONFIDENCE", "Reading", "is_executable", "media_type", "read_document"]
