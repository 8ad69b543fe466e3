"""From the constraints of a schema to the call of `_schema.check` that enforces them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from codegen.spec import Node, Spec, component, join, reached

_INNER: Final = {"items": "each", "propertyNames": "keys", "additionalProperties": "values"}

RULES: Final = {
    "minLength": "min_length",
    "maxLength": "max_length",
    "x-not-blank": "not_blank",
    "pattern": "pattern",
    "minimum": "ge",
    "exclusiveMinimum": "gt",
    "maximum": "le",
    "exclusiveMaximum": "lt",
    "multipleOf": "multiple_of",
    "minItems": "min_items",
    "maxItems": "max_items",
    "uniqueItems": "unique_items",
    "minProperties": "min_properties",
    "maxProperties": "max_properties",
}
"""Keywords by the rules of `check` that enforce them."""

_TYPES: Final = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list",
    "object": "dict",
}
FORMATS: Final = {"date-time": "datetime", "date": "date"}
"""The formats that change a Python type; all others stay strings and numbers."""


def validator(spec: Spec, schema: Node, pointer: str, owner: str) -> str:
    """Spell the validator of an attribute.

    Args:
        spec: The document, for following references.
        schema: The attribute's schema.
        pointer: Where it stands.
        owner: The class being written, which its own body cannot name yet.

    Returns:
        A call of `_c.check`, or nothing when any value will do.
    """
    arguments = [*dict.fromkeys(_types(spec, schema, pointer, owner)), *_rules(spec, schema, pointer, owner)]
    if not arguments:
        return ""
    if is_nullable(schema):
        arguments.append("nullable=True")
    return f"_c.check({', '.join(arguments)})"


def is_nullable(schema: Node) -> bool:
    """Tell whether null is one of the values, by a type list or by `anyOf` with null."""
    return "null" in types(schema) or any(types(option) == ["null"] for option in options(schema))


def types(schema: Node) -> list[str]:
    """Read `type` as a list, which is one of its two forms."""
    named = schema.get("type", [])
    return [named] if isinstance(named, str) else list(named)


def options(schema: Node) -> list[Node]:
    """Read the alternatives of a schema, however they are spelled."""
    return [*schema.get("anyOf", ()), *schema.get("oneOf", ())]


def _types(spec: Spec, schema: Node, pointer: str, owner: str) -> Iterator[str]:
    for option in options(schema):
        yield from _types(spec, option, pointer, owner)
    if "$ref" not in schema:
        names = (name for name in types(schema) if name != "null")
        yield from (FORMATS.get(schema.get("format", ""), _TYPES[name]) for name in names)
        return
    target, place = spec.follow(schema, pointer)
    if "properties" not in target:
        yield from _types(spec, target, place, owner)
    elif not _reaches(spec, schema, pointer, owner):
        yield component(schema["$ref"], pointer)


def _reaches(spec: Spec, schema: Node, pointer: str, name: str) -> bool:
    """Tell whether a schema leads to a class, which could then not be defined after it."""
    return name in reached(spec, ((schema, pointer),))


def _rules(spec: Spec, schema: Node, pointer: str, owner: str) -> Iterator[str]:
    for option in options(schema):
        yield from _rules(spec, option, pointer, owner)
    if "$ref" in schema:
        name = component(schema["$ref"], pointer)
        schema, pointer = spec.follow(schema, pointer)
        if "enum" in schema:
            yield f"one_of={name}"
    if "properties" in schema:
        return
    set_here = (keyword for keyword in RULES if schema.get(keyword, False) is not False)
    yield from (f"{RULES[keyword]}={_literal(schema[keyword])}" for keyword in set_here)
    for keyword, rule in _INNER.items():
        if isinstance(schema.get(keyword), Mapping):
            # Names of properties are strings, which a schema need not say.
            inner = {"type": "string", **schema[keyword]} if keyword == "propertyNames" else schema[keyword]
            nested = validator(spec, inner, join(pointer, keyword), owner)
            yield from [f"{rule}={nested}"] if nested else []


def _literal(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and "\\" in value and '"' not in value and not value.endswith("\\"):
        return f'r"{value}"'
    return repr(value)
