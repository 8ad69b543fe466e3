"""Docstrings, from the descriptions of the document."""

import json
import textwrap
from typing import Final

from codegen.spec import Node

_WIDTH: Final = 100


def text(schema: Node) -> str:
    """Say what a schema says of itself: description, server default, deprecation; wrapped."""
    default = f" Server default: `{json.dumps(schema['default'])}`." if "default" in schema else ""
    deprecated = " Deprecated." if schema.get("deprecated") else ""
    return _wrapped(f"{schema['description'].strip()}{default}{deprecated}")


def docstring(schema: Node) -> str:
    """Quote what a schema says of itself."""
    return quoted(text(schema))


def quoted(words: str) -> str:
    """Quote a text as a docstring, its lines wrapped and its own quotes harmless."""
    escaped = _wrapped(words).replace("\\", "\\\\").replace('"""', r"\"\"\"")
    if escaped.endswith('"'):
        escaped = f'{escaped[:-1]}\\"'
    return f'"""{escaped}\n"""' if "\n" in escaped else f'"""{escaped}"""'


def _wrapped(words: str) -> str:
    lines = words.strip().split("\n")
    return "\n".join(line for part in lines for line in textwrap.wrap(part, _WIDTH) or [""])
