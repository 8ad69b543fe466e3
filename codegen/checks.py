"""What the generator refuses, because its output would quietly mean less than the document."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from codegen.catalog import CONSTRAINTS, OBJECTS, Kind, Model
from codegen.constraints import RULES, options, types
from codegen.endpoints import Endpoint
from codegen.spec import Node, Spec, SpecError, component, join, subschemas

_ANNOTATIONS: Final = frozenset(
    (
        *("title", "description", "default", "deprecated", "readOnly", "writeOnly", "example", "examples"),
        *("$comment", "externalDocs", "contentMediaType", "contentEncoding"),
    )
)
_STRUCTURE: Final = frozenset(
    (
        *("$ref", "type", "format", "enum", "const", "properties", "required", "additionalProperties"),
        *("items", "anyOf", "oneOf", "discriminator"),
    )
)
_KNOWN: Final = _ANNOTATIONS | _STRUCTURE | CONSTRAINTS

_ASSERTIONS: Final = frozenset(
    (
        *("not", "if", "then", "else", "dependentRequired", "dependentSchemas"),
        *("contains", "minContains", "maxContains"),
    )
)
"""Say which values are valid and nothing about types: of no concern to answers, lost in requests."""

_TYPES: Final = frozenset(("string", "integer", "number", "boolean", "array", "object", "null"))

_TAKEN: Final = frozenset(
    (
        "UNSET",
        "UnsetType",
        "OpenStrEnum",
        "Any",
        "Final",
        "Literal",
        "Mapping",
        "TypeAlias",
        "None",
        "True",
        "False",
    )
)
"""Names that the generated module uses for something else."""

# Python reads these more widely than JSON Schema (ECMA-262) does.
_UNLIKE_ECMA: Final = re.compile(r"\\[dDwWbB]")


def check(spec: Spec, endpoints: Sequence[Endpoint], models: Mapping[str, Model]) -> None:
    """Refuse a document that cannot be expressed.

    Raises:
        SpecError: With the place and the reason.
    """
    for model in models.values():
        _check_name(model)
        _check_descriptions(spec, model)
        if model.name in spec.schemas:
            _check_schema(spec, model.schema, model.pointer, model.kind)
    for point in endpoints:
        for parameter in point.query_parameters:
            _check_schema(spec, parameter.schema, parameter.pointer, Kind.REQUEST, is_component=False)
        for body, pointer in (*point.bodies.values(), *point.answers):
            _check_named(body, pointer)


def _check_name(model: Model) -> None:
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", model.name) or model.name in _TAKEN:
        raise SpecError(model.pointer, f"{model.name} cannot be the name of a class here")


def _check_descriptions(spec: Spec, model: Model) -> None:
    if not model.schema.get("description"):
        raise SpecError(model.pointer, "has no description")
    if model.kind not in OBJECTS:
        return
    for name, node in model.schema["properties"].items():
        pointer = join(model.pointer, "properties", name)
        if not node.get("description") and not spec.follow(node, pointer)[0].get("description"):
            raise SpecError(pointer, "has no description")


def _check_named(schema: Node, pointer: str) -> None:
    """Refuse an object or enum that stands in place, because its class would have no name."""
    for inner, place in subschemas(schema, pointer):
        if "properties" in inner or "enum" in inner:
            raise SpecError(place, "objects and enums need a name: move it to components/schemas")


def _check_schema(spec: Spec, schema: Node, pointer: str, kind: Kind, *, is_component: bool = True) -> None:
    for inner, place in subschemas(schema, pointer):
        if inner is not schema or not is_component:
            _check_inner(inner, place)
        elif "null" in types(inner):
            raise SpecError(place, "null belongs where the schema is used")
        for rule in _RULES:
            if problem := rule(inner, kind):
                raise SpecError(place, problem)
        if "$ref" in inner:
            component(inner["$ref"], place)
            spec.follow(inner, place)
        if kind is Kind.REQUEST and "pattern" in inner:
            _check_pattern(inner["pattern"], place)


def _check_inner(schema: Node, pointer: str) -> None:
    if "properties" in schema or "enum" in schema:
        raise SpecError(pointer, "objects and enums need a name: move it to components/schemas")
    if "discriminator" in schema:
        raise SpecError(pointer, "a tagged union needs a name: move it to components/schemas")


def _check_pattern(pattern: str, pointer: str) -> None:
    if found := _UNLIKE_ECMA.search(pattern):
        raise SpecError(pointer, f"{found[0]} means something else in Python: spell the characters out")
    try:
        re.compile(pattern)
    except re.error as error:
        raise SpecError(pointer, f"the pattern is none of Python: {error}") from error


def _keywords(schema: Node, kind: Kind) -> str | None:
    if "allOf" in schema:
        return "allOf is not supported: write the schema flat"
    known = _KNOWN | _ASSERTIONS if kind is Kind.RESPONSE else _KNOWN
    unknown = sorted(key for key in schema if key not in known and not key.startswith("x-"))
    return f"{unknown[0]} is not supported here" if unknown else None


def _siblings(schema: Node, _kind: Kind) -> str | None:
    if "$ref" not in schema:
        return None
    beside = sorted(key for key in schema if key in _KNOWN - _ANNOTATIONS - {"$ref"})
    return f"{beside[0]} beside $ref is not supported" if beside else None


def _known_types(schema: Node, _kind: Kind) -> str | None:
    unknown = [name for name in types(schema) if name not in _TYPES]
    return f"{unknown[0]} is no type" if unknown else None


def _strings_only(schema: Node, _kind: Kind) -> str | None:
    values = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else [])]
    return None if all(isinstance(value, str) for value in values) else "enum and const must be strings"


def _no_binary(schema: Node, _kind: Kind) -> str | None:
    return "binary is for the parts of a form" if schema.get("format") == "binary" else None


def _alternatives(schema: Node, kind: Kind) -> str | None:
    """Accept three uses of anyOf and oneOf: with null, between references, and a choice of `required` in answers."""
    if "anyOf" in schema and "oneOf" in schema:
        return "anyOf beside oneOf is not supported"
    found = [option for option in options(schema) if types(option) != ["null"]]
    if found and "properties" in schema:
        tells_little = kind is Kind.RESPONSE and all(set(option) == {"required"} for option in found)
        return None if tells_little else "alternatives beside properties are not supported here"
    if len(found) > 1 and not all("$ref" in option for option in found):
        return "alternatives must be references"
    if len(found) > 1 and kind is not Kind.REQUEST and "discriminator" not in schema:
        return "alternatives in an answer need a discriminator"
    return None


def _additional(schema: Node, kind: Kind) -> str | None:
    is_open = "properties" in schema and schema.get("additionalProperties", False) is not False
    return (
        "additionalProperties beside properties cannot be sent" if is_open and kind is Kind.REQUEST else None
    )


def _typed(schema: Node, _kind: Kind) -> str | None:
    constrained = sorted(RULES.keys() & schema.keys())
    if constrained and len([name for name in types(schema) if name != "null"]) != 1:
        return f"{constrained[0]} needs exactly one type beside it"
    return None


_RULES: Final[Sequence[Callable[[Node, Kind], str | None]]] = (
    _keywords,
    _siblings,
    _known_types,
    _strings_only,
    _no_binary,
    _alternatives,
    _additional,
    _typed,
)
