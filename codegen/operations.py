"""Writes the operations module: one constant per operation."""

from collections.abc import Sequence
from typing import Final

from codegen.docstrings import quoted
from codegen.endpoints import Endpoint
from codegen.names import constant

_IMPORTS: Final = """
from typing import Final

import attrs
"""

_CLASS: Final = '''
@attrs.frozen(kw_only=True)
class Operation:
    """One operation of the API."""

    id: str
    """The operationId of the document."""
    method: str
    """The HTTP method, in capitals."""
    path: str
    """The path template below the base URL, with path parameters in braces."""
    path_parameters: tuple[str, ...] = ()
    """The names in the template, in its order."""
    query_parameters: tuple[str, ...] = ()
    """The JSON names of the query parameters."""
    body_kinds: tuple[str, ...] = ()
    """The media types that a request body may have; none means no body."""
    success: tuple[int, ...]
    """The documented statuses of success."""
    creates: bool = False
    """Whether a second arrival of the request makes a second thing."""
    deprecated: bool = False
    """Whether the document calls it deprecated."""

'''


def source(endpoints: Sequence[Endpoint]) -> str:
    """Write the module, without header and not yet laid out."""
    names = [constant(point.id) for point in endpoints]
    exported = ", ".join(repr(name) for name in sorted(("ALL", "Operation", *names)))
    constants = "\n".join(_constant(point) for point in endpoints)
    everything = "".join(f"{name}," for name in names)
    return f'''{_IMPORTS}
__all__ = [{exported},]
{_CLASS}
{constants}
ALL: Final[tuple[Operation, ...]] = ({everything})
"""All operations, in the order of the document."""
'''


def _constant(point: Endpoint) -> str:
    return f"""{constant(point.id)}: Final = Operation(
    id={point.id!r},
    method={point.method!r},
    path={point.path!r},
    path_parameters={tuple(parameter.name for parameter in point.path_parameters)!r},
    query_parameters={tuple(parameter.name for parameter in point.query_parameters)!r},
    body_kinds={tuple(point.bodies)!r},
    success={point.success!r},
    creates={point.creates!r},
    deprecated={point.deprecated!r},
)
{quoted(point.summary)}
"""
