"""What datamodel-code-generator gets to see: names, types and references, and nothing that it would drop or bend.

Constraints, nullability, defaults and descriptions are read from the document by our own code.
"""

from collections.abc import Mapping
from typing import Any

from codegen.catalog import OBJECTS, Kind, Model
from codegen.constraints import FORMATS, is_nullable, options, types
from codegen.docstrings import text
from codegen.spec import SCHEMAS, Node


def document(models: Mapping[str, Model]) -> dict[str, Any]:
    """Make the document to generate from; each model is a component schema of its own name."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "models", "version": "1"},
        "paths": {},
        "components": {"schemas": {name: _model(model) for name, model in models.items()}},
    }


def _model(model: Model) -> dict[str, Any]:
    if model.kind in OBJECTS:
        properties = {name: without_null(node) for name, node in model.schema["properties"].items()}
        return {
            "type": "object",
            "properties": properties,
            "required": list(model.schema.get("required", ())),
        }
    if model.kind is Kind.ENUM:
        # Enums are the one kind whose template gets no functions of ours.
        return {"type": "string", "enum": list(model.schema["enum"]), "description": text(model.schema)}
    schema = without_null(model.schema)
    if model.kind is Kind.UNION and "discriminator" in model.schema:
        schema["oneOf"].append({"$ref": f"{SCHEMAS}/Unknown{model.name}"})
    return schema


def without_null(schema: Node) -> dict[str, Any]:
    """Reduce the schema of an attribute, whose `| None` is added when it is written."""
    if not is_nullable(schema):
        return _plain(schema)
    if left := [option for option in options(schema) if types(option) != ["null"]]:
        return _plain(left[0] if len(left) == 1 else {"oneOf": left})
    return _plain({**schema, "type": [name for name in types(schema) if name != "null"]})


def _plain(schema: Node) -> dict[str, Any]:
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    found: dict[str, Any] = {}
    if "const" in schema:
        found["const"] = schema["const"]
    if named := types(schema):
        found["type"] = named[0] if len(named) == 1 else named
    if schema.get("format") in FORMATS:
        found["format"] = schema["format"]
    if alternatives := options(schema):
        found["oneOf"] = [_plain(option) for option in alternatives]
    for keyword in ("items", "additionalProperties"):
        if keyword in schema:
            inner: Node | bool = schema[keyword]
            found[keyword] = inner if isinstance(inner, bool) else _plain(inner)
    return found
