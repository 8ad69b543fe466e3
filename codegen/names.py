"""Names: how those of the document become those of Python."""

import re
from typing import Final

_WORD_START: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def constant(name: str) -> str:
    """Spell a camelCase or PascalCase name as a constant: `getFile` is `GET_FILE`."""
    return _WORD_START.sub("_", name).upper()


def camel(attribute: str) -> str:
    """Spell an attribute name as its JSON name; the twin of `plextera_async._schema.wire_name`."""
    first, *rest = attribute.split("_")
    return first + "".join(word.capitalize() for word in rest)


def parameters_class(operation_id: str) -> str:
    """Name the class that holds the query parameters of an operation."""
    return f"{operation_id[0].upper()}{operation_id[1:]}Parameters"
