"""What cannot be expressed is refused with the place and the reason."""

import copy
import json

import pytest

from codegen.catalog import Kind, Model
from codegen.formatting import tidy
from codegen.models import definitions
from codegen.outputs import render
from codegen.spec import SpecError

THING = {
    "type": "object",
    "description": "A thing.",
    "required": ["id"],
    "properties": {"id": {"type": "string", "description": "The id."}},
}
REF = {"$ref": "#/components/schemas/Thing"}
OK = {"200": {"description": "Fine.", "content": {"application/json": {"schema": REF}}}}
GOOD = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "paths": {"/things": {"get": {"operationId": "getThing", "summary": "Read.", "responses": OK}}},
    "components": {"schemas": {"Thing": THING}},
}


def _document(changes: dict) -> dict:
    """Set parts of the good document, by their pointers without the leading `#/`."""
    document = copy.deepcopy(GOOD)
    for pointer, value in changes.items():
        *parents, last = [part.replace("~1", "/") for part in pointer.split("/")]
        place = document
        for key in parents:
            place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
        place[last] = value
    return document


def _render(tmp_path, document: dict):
    path = tmp_path / "spec.yaml"
    path.write_text(json.dumps(document), encoding="utf-8")
    return render(path)


def _property(**schema) -> dict:
    return {"components/schemas/Thing/properties/odd": {"description": "Odd.", **schema}}


def _sent(**schema) -> dict:
    """Make a schema that requests use: an object with one property."""
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ThingCreate"}}}}
    post = {"operationId": "makeThing", "summary": "Make.", "requestBody": body, "responses": {}}
    odd = {"description": "Odd.", **schema}
    made = {"type": "object", "description": "To be.", "properties": {"odd": odd}}
    return {"paths/~1things/post": post, "components/schemas/ThingCreate": made}


def _parameter(**parameter) -> dict:
    full = {"name": "odd", "in": "query", "description": "Odd.", "schema": {"type": "string"}, **parameter}
    return {"paths/~1things/get/parameters": [full]}


def _component(name: str, **schema) -> dict:
    return {f"components/schemas/{name}": {"description": "Odd.", **schema}}


GET = "paths/~1things/get"
AT_GET = "#/paths/~1things/get"
AT_SCHEMAS = "#/components/schemas"
AT_ODD = f"{AT_SCHEMAS}/Thing/properties/odd"
AT_SENT = f"{AT_SCHEMAS}/ThingCreate/properties/odd"
UNION = {"oneOf": [REF, {"$ref": "#/components/schemas/Other"}]}
TAGGED = {**UNION, "description": "Union.", "discriminator": {"propertyName": "kind"}}

NAMELESS = "objects and enums need a name: move it to components/schemas"

OPERATIONS = {
    "no operationId": (
        {f"{GET}/operationId": None},
        f"{AT_GET}: operationId must be a camelCase name, is None",
    ),
    "an operationId of other letters": (
        {f"{GET}/operationId": "get-thing"},
        f"{AT_GET}: operationId must be a camelCase name, is 'get-thing'",
    ),
    "a repeated operationId": (
        {"paths/~1other/get": {"operationId": "getThing", "summary": "Again.", "responses": OK}},
        f"#/paths/~1other/get: operationId getThing is already that of {AT_GET}",
    ),
    "an operationId repeated by a webhook": (
        {"webhooks/thing/post": {"operationId": "getThing"}},
        f"#/webhooks/thing/post: operationId getThing is already that of {AT_GET}",
    ),
    "two operationIds that make one constant": (
        {"paths/~1other/get": {"operationId": "getTHING", "summary": "Again.", "responses": OK}},
        "#/paths/~1other/get: operationId getTHING makes the name GET_THING, as getThing does",
    ),
    "an operation without a word": ({f"{GET}/summary": ""}, f"{AT_GET}: has no summary and no description"),
    "an unknown member of a path item": (
        {"paths/~1things/servers": []},
        "#/paths/~1things: servers is not supported in a path item",
    ),
    "a cookie": (
        _parameter(**{"in": "cookie"}),
        f"{AT_GET}/parameters/0: cookie parameters are not supported",
    ),
    "a parameter with content": (
        {f"{GET}/parameters": [{"name": "odd", "in": "query", "content": {}}]},
        f"{AT_GET}/parameters/0: a parameter needs a schema; content is not supported",
    ),
    "a parameter in another style": (
        _parameter(style="deepObject"),
        f"{AT_GET}/parameters/0: style deepObject is not supported",
    ),
    "a list joined by commas": (
        _parameter(explode=False),
        f"{AT_GET}/parameters/0: only the default explode is supported",
    ),
    "a parameter without a word": (_parameter(description=""), f"{AT_GET}/parameters/0: has no description"),
    "a path parameter that is not declared": (
        {"paths/~1things~1{id}/get": {"operationId": "x", "summary": "X.", "responses": OK}},
        "#/paths/~1things~1{id}/get: the path and its declared path parameters do not agree",
    ),
    "a path parameter that no format call could fill": (
        {"paths/~1things~1{thing-id}/get": {"operationId": "x", "summary": "X.", "responses": OK}},
        "#/paths/~1things~1{thing-id}/get: {thing-id} cannot be the name of a path parameter here",
    ),
    "an operation that would hide the list of all": (
        {f"{GET}/operationId": "all"},
        f"{AT_GET}: operationId all makes the name ALL, as the list of all operations does",
    ),
    "a range of statuses": (
        {f"{GET}/responses": {"2XX": {"description": "Fine."}}},
        f"{AT_GET}/responses/2XX: is not a status of three digits",
    ),
    "an object in place in an answer": (
        {f"{GET}/responses/200/content/application~1json/schema": THING},
        f"{AT_GET}/responses/200/content/application~1json/schema: {NAMELESS}",
    ),
    "a form in place": (
        {f"{GET}/requestBody": {"content": {"multipart/form-data": {"schema": THING}}}},
        f"{AT_GET}/requestBody/content/multipart~1form-data/schema: {NAMELESS}",
    ),
    "an enum in place in a parameter": (
        _parameter(schema={"type": "string", "enum": ["a"]}),
        f"{AT_GET}/parameters/0/schema: {NAMELESS}",
    ),
}

REFERENCES = {
    "a remote reference": (
        _property(**{"$ref": "https://example.com/x.yaml#/X"}),
        f"{AT_ODD}: $ref to https://example.com/x.yaml#/X: a schema may only refer to {AT_SCHEMAS}/...",
    ),
    "a remote parameter": (
        {f"{GET}/parameters": [{"$ref": "other.yaml#/P"}]},
        f"{AT_GET}/parameters/0: $ref to other.yaml#/P: only references within the document are followed",
    ),
    "a reference to nothing": (
        _property(**{"$ref": "#/components/schemas/Gone"}),
        f"{AT_ODD}: $ref to #/components/schemas/Gone leads nowhere",
    ),
    "a reference into a text": (
        {f"{GET}/parameters": [{"$ref": "#/info/title/x"}]},
        f"{AT_GET}/parameters/0: $ref to #/info/title/x leads nowhere",
    ),
    "a reference to itself": (
        {
            f"{GET}/parameters": [{"$ref": "#/components/parameters/A"}],
            "components/parameters/A": {"$ref": "#/components/parameters/A"},
        },
        f"{AT_GET}/parameters/0: $ref goes in a circle at #/components/parameters/A",
    ),
    "a reference to a part of a schema": (
        _property(**{"$ref": "#/components/schemas/Thing/properties/id"}),
        f"{AT_ODD}: $ref to #/components/schemas/Thing/properties/id: a schema may only refer to {AT_SCHEMAS}/...",
    ),
    "a constraint beside a reference": (
        {
            **_component("Word", type="string"),
            **_property(**{"$ref": "#/components/schemas/Word", "maxLength": 3}),
        },
        f"{AT_ODD}: maxLength beside $ref is not supported",
    ),
}

SCHEMAS = {
    "a class named like no class": (_component("thing_two", type="string"), f"{AT_SCHEMAS}/thing_two: thing_two cannot be the name of a class here"),
    "a class named like what models use": (_component("Mapping", type="string"), f"{AT_SCHEMAS}/Mapping: Mapping cannot be the name of a class here"),
    "a class named like the parameters of an operation": (
        {**_parameter(), **_component("GetThingParameters", type="string")},
        f"{AT_GET}/parameters: GetThingParameters is already the name of {AT_SCHEMAS}/GetThingParameters",
    ),
    "a schema without a word": (_component("Odd", type="string", description=""), f"{AT_SCHEMAS}/Odd: has no description"),
    "a property without a word": (_property(type="string", description=""), f"{AT_ODD}: has no description"),
    "a property named extra": (
        {"components/schemas/Thing/properties/extra": {"type": "string", "description": "Odd."}},
        f"{AT_SCHEMAS}/Thing/properties/extra: extra is where a model keeps unknown properties",
    ),
    "an object in place": (_property(**THING), f"{AT_ODD}: {NAMELESS}"),
    "an object in place in a list": (
        _property(type="array", items=THING),
        f"{AT_ODD}/items: {NAMELESS}",
    ),
    "an enum in place": (
        _property(type="string", enum=["a"]),
        f"{AT_ODD}: {NAMELESS}",
    ),
    "a tagged union in place": ({**_component("Other", **THING), **_property(**TAGGED)}, f"{AT_ODD}: a tagged union needs a name: move it to components/schemas"),
    "an enum of numbers": (_component("Odd", type="integer", enum=[1]), f"{AT_SCHEMAS}/Odd: enum and const must be strings"),
    "an enum with null": (_component("Odd", enum=["a", None]), f"{AT_SCHEMAS}/Odd: enum and const must be strings"),
    "a component that may be null": (_component("Odd", type=["string", "null"]), f"{AT_SCHEMAS}/Odd: null belongs where the schema is used"),
    "allOf": (_component("Odd", allOf=[REF]), f"{AT_SCHEMAS}/Odd: allOf is not supported: write the schema flat"),
    "a keyword that changes types": (
        _component("Odd", type="object", patternProperties={}),
        f"{AT_SCHEMAS}/Odd: patternProperties is not supported here",
    ),
    "an unknown type": (_property(type="text"), f"{AT_ODD}: text is no type"),
    "a binary property": (_property(type="string", format="binary"), f"{AT_ODD}: binary is for the parts of a form"),
    "alternatives in place": (_property(oneOf=[{"type": "string"}, {"type": "integer"}]), f"{AT_ODD}: alternatives must be references"),
    "both kinds of alternatives": (_property(oneOf=[REF], anyOf=[REF]), f"{AT_ODD}: anyOf beside oneOf is not supported"),
    "answers that cannot be told apart": (
        {**_component("Other", **THING), **_property(**UNION)},
        f"{AT_ODD}: alternatives in an answer need a discriminator",
    ),
    "a variant without a tag": (
        {**_component("Other", **THING), "components/schemas/Union": TAGGED},
        f"{AT_SCHEMAS}/Union/oneOf/0: Thing must fix kind with a const of its own",
    ),
    "two variants with one tag": (
        {
            "components/schemas/Thing/properties/kind": {"const": "a", "description": "Kind."},
            **_component("Other", type="object", properties={"kind": {"const": "a", "description": "Kind."}}),
            "components/schemas/Union": TAGGED,
        },
        f"{AT_SCHEMAS}/Union/oneOf/1: Other must fix kind with a const of its own",
    ),
    "a schema used both ways whose constraints would be lost": (
        {"paths/~1things/get/requestBody": {"content": {"application/json": {"schema": REF}}}, **_property(type="string", maxLength=3)},
        f"{AT_SCHEMAS}/Thing: is used in requests and in responses, and its constraints would be lost: make it two",
    ),
}  # fmt: skip

SENT = {
    "a rule between properties": (
        {**_sent(type="string"), "components/schemas/ThingCreate/dependentRequired": {"a": ["b"]}},
        f"{AT_SCHEMAS}/ThingCreate: dependentRequired is not supported here",
    ),
    "not": (_sent(type="string", **{"not": {"const": "x"}}), f"{AT_SENT}: not is not supported here"),
    "a choice of required properties": (
        {**_sent(type="string"), "components/schemas/ThingCreate/anyOf": [{"required": ["odd"]}]},
        f"{AT_SCHEMAS}/ThingCreate: alternatives beside properties are not supported here",
    ),
    "properties of any name": (
        {**_sent(type="string"), "components/schemas/ThingCreate/additionalProperties": True},
        f"{AT_SCHEMAS}/ThingCreate: additionalProperties beside properties cannot be sent",
    ),
    "a constraint without a type": (
        _sent(maxLength=3),
        f"{AT_SENT}: maxLength needs exactly one type beside it",
    ),
    "a constraint on two types": (
        _sent(type=["string", "integer"], maxLength=3),
        f"{AT_SENT}: maxLength needs exactly one type beside it",
    ),
    "a pattern that Python reads otherwise": (
        _sent(type="string", pattern=r"^\d+$"),
        rf"{AT_SENT}: \d means something else in Python: spell the characters out",
    ),
    "a pattern that Python cannot read": (
        _sent(type="string", pattern="("),
        f"{AT_SENT}: the pattern is none of Python: missing ), unterminated subpattern at position 0",
    ),
}


def test_the_good_document_is_taken(tmp_path):
    assert "class Thing:" in _render(tmp_path, GOOD)["models.py"]


@pytest.mark.parametrize("case", [*OPERATIONS, *REFERENCES, *SCHEMAS, *SENT])
def test_the_refusal_names_the_place_and_the_reason(tmp_path, case):
    changes, message = {**OPERATIONS, **REFERENCES, **SCHEMAS, **SENT}[case]

    with pytest.raises(SpecError) as caught:
        _render(tmp_path, _document(changes))

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a list", "#: the document must be an object"),
        ("a: 1\nb: {c: 1, d: 2, c: 3}\n", "#: line 2: the key c appears twice"),
        ("a:\n  on: 1\n", "#: line 2: the key True is no text: quote it"),
    ],
)
def test_yaml_that_means_something_else_than_it_says_is_refused(tmp_path, text, message):
    path = tmp_path / "spec.yaml"
    path.write_text(text)

    with pytest.raises(SpecError) as caught:
        render(path)

    assert str(caught.value) == message


def test_a_class_that_the_generator_names_otherwise_is_noticed():
    thing = Model(name="Thing", kind=Kind.ALIAS, schema={}, pointer="")

    with pytest.raises(
        SpecError, match=r"^#/components/schemas: the generator disagrees about Thing, Thing1$"
    ):
        definitions("from typing import TypeAlias\nThing1: TypeAlias = str\n", {"Thing": thing})


def test_code_that_is_none_is_not_written():
    with pytest.raises(SpecError, match=r"^#: ruff refused the generated code: "):
        tidy("class :")
