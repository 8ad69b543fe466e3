"""The committed code against `openapi/plextera.yaml`: nothing lost, nothing made up."""

from pathlib import Path

import attrs
import pytest
import yaml

from plextera_async import _schema as c
from plextera_async import models
from plextera_async._generated import models as generated
from plextera_async._generated import operations

DOCUMENT = yaml.safe_load(
    (Path(__file__).parents[2] / "openapi" / "plextera.yaml").read_text(encoding="utf-8")
)
SCHEMAS = DOCUMENT["components"]["schemas"]
METHODS = {"get", "put", "post", "delete", "patch"}

FORMS = {
    body["schema"]["$ref"].rpartition("/")[2]
    for item in DOCUMENT["paths"].values()
    for method in METHODS & item.keys()
    for kind, body in item[method].get("requestBody", {}).get("content", {}).items()
    if kind == "multipart/form-data"
}
"""Their binary parts are in no model."""

OBJECTS = sorted(name for name, schema in SCHEMAS.items() if "properties" in schema and name not in FORMS)
OPERATIONS = {
    node["operationId"]: (path, method, node, item.get("parameters", []))
    for path, item in DOCUMENT["paths"].items()
    for method, node in item.items()
    if method in METHODS
}


def _resolve(node: dict) -> dict:
    while "$ref" in node:
        found = DOCUMENT
        for key in node["$ref"].split("/")[1:]:
            found = found[key]
        node = found
    return node


@pytest.mark.parametrize("name", OBJECTS)
def test_a_class_has_the_properties_of_its_schema(name):
    fields = attrs.fields(getattr(models, name))
    schema = SCHEMAS[name]

    wire = [
        c.wire_name(field) for field in fields if not (field.name == "extra" and field.default is c.NO_EXTRA)
    ]

    assert sorted(wire) == sorted(schema["properties"])


@pytest.mark.parametrize("name", OBJECTS)
def test_a_class_requires_what_its_schema_requires(name):
    schema = SCHEMAS[name]
    fixed = {key for key, node in schema["properties"].items() if "const" in node}

    required = {
        c.wire_name(field) for field in attrs.fields(getattr(models, name)) if field.default is attrs.NOTHING
    }

    assert required == set(schema.get("required", ())) - fixed


@pytest.mark.parametrize("name", sorted(name for name, schema in SCHEMAS.items() if "enum" in schema))
def test_an_enum_has_the_values_of_its_schema(name):
    assert [member.value for member in getattr(models, name)] == SCHEMAS[name]["enum"]


def test_the_door_shows_every_schema_but_forms_of_files():
    left_out = {name for name in SCHEMAS if name not in models.__all__}

    assert left_out <= FORMS
    assert models.__all__ == generated.__all__
    assert models.UNSET is c.UNSET


def test_sensitive_properties_are_not_in_any_repr():
    secret = {
        (name, key)
        for name in OBJECTS
        for key, node in SCHEMAS[name]["properties"].items()
        if node.get("x-sensitive") or node.get("writeOnly")
    }

    hidden = {
        (name, c.wire_name(field))
        for name in OBJECTS
        for field in attrs.fields(getattr(models, name))
        if not field.repr and field.default is not c.NO_EXTRA
    }

    assert secret
    assert hidden == secret


def test_every_operation_is_there_once():
    assert [operation.id for operation in operations.ALL] == list(OPERATIONS)
    assert len(operations.ALL) == 20


@pytest.mark.parametrize("operation", operations.ALL, ids=lambda operation: operation.id)
def test_an_operation_is_that_of_the_document(operation):
    path, method, node, shared = OPERATIONS[operation.id]
    parameters = [_resolve(parameter) for parameter in (*shared, *node.get("parameters", ()))]

    assert operation == operations.Operation(
        id=node["operationId"],
        method=method.upper(),
        path=path,
        path_parameters=tuple(parameter["name"] for parameter in parameters if parameter["in"] == "path"),
        query_parameters=tuple(parameter["name"] for parameter in parameters if parameter["in"] == "query"),
        body_kinds=tuple(_resolve(node.get("requestBody", {})).get("content", ())),
        success=tuple(sorted(int(status) for status in node["responses"] if str(status).startswith("2"))),
        creates=node.get("x-creates", False),
        deprecated=node.get("deprecated", False),
    )


@pytest.mark.parametrize("operation", operations.ALL, ids=lambda operation: operation.id)
def test_query_parameters_have_a_class(operation):
    name = f"{operation.id[0].upper()}{operation.id[1:]}Parameters"
    fields = attrs.fields(getattr(models, name)) if hasattr(models, name) else ()

    assert {c.wire_name(field) for field in fields} == set(operation.query_parameters)


def test_each_event_is_in_the_table_by_its_type():
    table = generated.EVENT_VARIANTS

    assert generated.EVENT_TAG == "eventType"
    assert set(table) == set(DOCUMENT["webhooks"])
    assert set(table) == set(SCHEMAS["EventType"]["enum"])
    assert all(attrs.fields(variant).event_type.default == tag for tag, variant in table.items())
