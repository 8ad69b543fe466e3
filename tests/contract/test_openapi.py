"""The OpenAPI document against the figures of the public documentation."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.contract import documented
from tests.contract.documented import EVENTS, OPERATIONS

FOLDER = Path(__file__).parents[2] / "openapi"
SPEC: dict[str, Any] = yaml.safe_load((FOLDER / "plextera.yaml").read_text(encoding="utf-8"))
SCHEMAS: dict[str, Any] = SPEC["components"]["schemas"]


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """What a node stands for, its reference followed."""
    reference = node.get("$ref")
    return at(SPEC, reference.removeprefix("#/")) if reference else node


def at(node: Any, place: str) -> Any:
    for step in place.split("/"):
        node = node[step]
    return node


def walk(node: Any, place: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mapping of the document with its place."""
    if isinstance(node, dict):
        yield place, node
    for key, child in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(child, dict | list):
            yield from walk(child, f"{place}/{key}")


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in SPEC["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


BY_ID = {operation["operationId"]: operation for _, _, operation in operations()}
WEBHOOKS = {name: item["post"] for name, item in SPEC["webhooks"].items()}


def parameters(operation: dict[str, Any], place: str) -> dict[str, dict[str, Any]]:
    found = [resolved(parameter) for parameter in operation["parameters"]]
    return {parameter["name"]: parameter for parameter in found if parameter["in"] == place}


def schema_name(media: dict[str, Any]) -> str | None:
    reference = media["schema"].get("$ref")
    return reference and reference.rpartition("/")[2]


def test_is_a_valid_openapi_document():
    assert SPEC["openapi"].startswith("3.1.")
    assert [str(error) for error in OpenAPIV31SpecValidator(SPEC).iter_errors()] == []


def test_server_and_key():
    assert [server["url"] for server in SPEC["servers"]] == ["https://api.plextera.com/api/public/v1"]
    assert SPEC["security"] == [{"apiKeyAuth": []}]
    scheme = SPEC["components"]["securitySchemes"]["apiKeyAuth"]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "Authorization")
    assert all("security" not in operation for operation in BY_ID.values())


def test_offers_exactly_the_known_operations():
    found = {operation["operationId"]: (method, path) for method, path, operation in operations()}
    assert found == {name: (row.method, row.path) for name, row in OPERATIONS.items()}


def test_operation_ids_are_unique():
    ids = [node["operationId"] for _, node in walk(SPEC) if isinstance(node.get("operationId"), str)]
    assert len(ids) == len(set(ids)) == len(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_has_its_parameters_and_codes(name):
    row = OPERATIONS[name]
    operation = BY_ID[name]
    assert set(operation["responses"]) == {*row.success, *row.errors, *documented.COMMON_ERRORS}
    assert list(parameters(operation, "query")) == row.query
    assert not any(parameter.get("required") for parameter in parameters(operation, "query").values())
    in_path = parameters(operation, "path")
    assert {f"{{{key}}}" for key in in_path} == {part for part in row.path.split("/") if part.startswith("{")}
    assert all(parameter["required"] for parameter in in_path.values())
    assert list(parameters(operation, "header")) == ["X-Request-Id"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_has_its_bodies(name):
    content, required = documented.BODIES.get(name, ({}, None))
    body = BY_ID[name].get("requestBody", {})
    assert {kind: schema_name(media) for kind, media in body.get("content", {}).items()} == content
    assert body.get("required") is required
    for code in OPERATIONS[name].success:
        answer = BY_ID[name]["responses"][code].get("content", {})
        if name in documented.ANSWERS:
            assert {kind: schema_name(media) for kind, media in answer.items()} == {
                "application/json": documented.ANSWERS[name]
            }
        else:
            assert set(answer) == ({"application/octet-stream", "*/*"} if name == "downloadFile" else set())


def test_json_parts_of_forms_say_so():
    for name, parts in {"uploadExtraction": ["tags"], "startRun": ["payload", "metadata"]}.items():
        encoding = BY_ID[name]["requestBody"]["content"]["multipart/form-data"]["encoding"]
        assert encoding == {part: {"contentType": "application/json"} for part in parts}


@pytest.mark.parametrize("name", OPERATIONS)
def test_answers_carry_their_headers_and_errors_the_envelope(name):
    for code, node in BY_ID[name]["responses"].items():
        response = resolved(node)
        headers = {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}
        if code in {"429", "503"}:
            headers["Retry-After"] = {"$ref": "#/components/headers/RetryAfter"}
        assert response["headers"] == headers
        if not code.startswith("2"):
            assert schema_name(response["content"]["application/json"]) == "ErrorResponse"


def test_what_creates_and_what_is_deprecated():
    assert {
        name for name, operation in BY_ID.items() if operation.get("x-creates") is True
    } == documented.CREATING
    old = {name for name, operation in BY_ID.items() if operation.get("deprecated") is True}
    assert old == {name for name in OPERATIONS if "ExtractJob" in name}
    assert {name for name, hook in WEBHOOKS.items() if hook.get("deprecated")} == {
        name for name in EVENTS if ".job." in name
    }
    assert not any(schema.get("deprecated") for schema in SCHEMAS.values())


@pytest.mark.parametrize(
    ("operation", "parameter", "schema", "default"),
    [
        ("listExtractions", "status", "ExtractionStatus", None),
        ("listExtractions", "sortBy", "ExtractionSortKey", "createdAt"),
        ("listExtractions", "sort", "SortOrder", "desc"),
        ("listRuns", "status", "RunStatus", None),
        ("listEventSubscriptions", "status", "SubscriptionStatus", None),
        ("listEventSubscriptions", "eventType", "EventType", None),
        ("listExtractJobs", "status", "ExtractionStatus", None),
    ],
)
def test_filters_and_sorting(operation, parameter, schema, default):
    found = parameters(BY_ID[operation], "query")[parameter]
    assert schema_name(found) == schema
    assert found["schema"].get("default") == default


def test_limits_are_the_documented_ones_and_no_others():
    found = {
        place: limits
        for place, node in walk(SPEC["components"], "")
        if (limits := {key: node[key] for key in documented.LIMITING & set(node)})
    }
    assert found == {f"/{place}": limits for place, limits in documented.LIMITS.items()}


def test_defaults_are_the_documented_ones_and_no_others():
    found = {place: node["default"] for place, node in walk(SPEC["components"], "") if "default" in node}
    assert found == {f"/{place}": default for place, default in documented.DEFAULTS.items()}


def test_enums():
    assert {name: schema["enum"] for name, schema in SCHEMAS.items() if "enum" in schema} == documented.ENUMS
    assert sum("enum" in node for _, node in walk(SPEC)) == len(documented.ENUMS), (
        "an enum stands outside of the components"
    )


def test_required_properties():
    found = {name: set(schema["required"]) for name, schema in SCHEMAS.items() if "required" in schema}
    assert found == documented.REQUIRED


def test_null_is_named_only_where_it_is_documented():
    nullable = [place for place, node in walk(SPEC) if isinstance(node.get("type"), list)]
    assert nullable == [
        "#/components/schemas/ExtractionFeedback/properties/fieldId",
        "#/components/schemas/ExtractJobFeedback/properties/fieldId",
    ]
    assert not {"type", "$ref"} & set(SCHEMAS["RunStep"]["properties"]["output"])  # any JSON value, null too


def test_everything_is_described():
    for name, schema in SCHEMAS.items():
        assert schema["description"].strip(), name
        for key, node in schema.get("properties", {}).items():
            assert node["description"].strip(), f"{name}.{key}"
    for operation in (*BY_ID.values(), *WEBHOOKS.values()):
        assert operation["summary"].strip()
        assert operation["description"].strip()
        assert all(resolved(parameter)["description"].strip() for parameter in operation["parameters"])


def test_schemas_are_flat():
    assert [place for place, node in walk(SPEC["components"]["schemas"]) if "allOf" in node] == []


def test_sensitive_properties_are_exactly_the_marked_ones():
    for name, schema in SCHEMAS.items():
        for key, node in schema.get("properties", {}).items():
            expected = key in documented.SENSITIVE or (name, key) in documented.SENSITIVE_HERE
            assert (node.get("x-sensitive") is True) == expected, f"{name}.{key}"
            assert (node.get("writeOnly") is True) == (key == "signingSecret"), f"{name}.{key}"
    assert "signingSecret" not in SCHEMAS["EventSubscription"]["properties"]


def test_every_unverified_mark_gives_a_reason():
    marks = [(place, node["x-unverified"]) for place, node in walk(SPEC) if "x-unverified" in node]
    assert marks
    for place, reason in marks:
        assert isinstance(reason, str), place
        assert len(reason.split()) > 3, place
        assert reason.endswith("."), place


def test_what_is_not_documented_is_marked():
    assert {
        name for name, operation in BY_ID.items() if "x-unverified" in operation
    } == documented.UNVERIFIED_OPERATIONS
    assert all("x-unverified" in hook for hook in WEBHOOKS.values())
    assert [
        place for place in documented.UNVERIFIED_PLACES if "x-unverified" not in at(SPEC["components"], place)
    ] == []


def test_extensions_are_explained_in_the_readme():
    used = set(itertools.chain.from_iterable(node for _, node in walk(SPEC)))
    extensions = {key for key in used if key.startswith("x-")}
    assert extensions == {"x-unverified", "x-creates", "x-empty-when-absent", "x-not-blank", "x-sensitive"}
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [name for name in extensions | set(OPERATIONS) | set(EVENTS) if f"`{name}`" not in readme] == []


def test_webhooks_offer_every_event_with_its_headers():
    assert list(WEBHOOKS) == list(EVENTS)
    for name, hook in WEBHOOKS.items():
        headers = parameters(hook, "header")
        assert set(headers) == documented.DELIVERY_HEADERS
        assert all(header["required"] for header in headers.values())
        assert hook["requestBody"]["required"] is True
        assert schema_name(hook["requestBody"]["content"]["application/json"]) == EVENTS[name]
        assert set(hook["responses"]) == {"200", "202"}
        assert hook["security"] == []


def test_event_is_told_apart_by_its_type():
    union = SCHEMAS["Event"]
    mapping = {name: f"#/components/schemas/{schema}" for name, schema in EVENTS.items()}
    assert union["discriminator"] == {"propertyName": "eventType", "mapping": mapping}
    assert [member["$ref"] for member in union["oneOf"]] == list(mapping.values())
    for name, schema in EVENTS.items():
        assert SCHEMAS[schema]["properties"]["eventType"]["const"] == name


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_is_a_valid_json_schema(name):
    Draft202012Validator.check_schema(SCHEMAS[name])
