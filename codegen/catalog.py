"""Which classes there will be, and of which kind each is."""

import enum
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from codegen.constraints import RULES
from codegen.endpoints import Endpoint, deliveries
from codegen.names import parameters_class
from codegen.spec import SCHEMAS, Node, Spec, SpecError, component, join, reached, subschemas

CONSTRAINTS: Final = frozenset((*RULES, "propertyNames"))

FORM: Final = "multipart/form-data"


class Kind(enum.Enum):
    """What a schema becomes."""

    RESPONSE = enum.auto()
    """A frozen, tolerant class."""
    REQUEST = enum.auto()
    """A mutable class whose constraints are validators."""
    UNKNOWN = enum.auto()
    """The class for variants of a union that are not known."""
    UNION = enum.auto()
    ENUM = enum.auto()
    ALIAS = enum.auto()


OBJECTS: Final = frozenset({Kind.RESPONSE, Kind.REQUEST, Kind.UNKNOWN})


@attrs.frozen(kw_only=True)
class Model:
    """A class, enum or alias to be."""

    name: str
    kind: Kind
    schema: Node
    pointer: str


def catalog(spec: Spec, endpoints: Sequence[Endpoint]) -> dict[str, Model]:
    """List everything that the models module will define, by name.

    Raises:
        SpecError: If a schema has a role that its constraints do not allow, or two things have one name.
    """
    forms = _forms(spec, endpoints)
    requests = reached(spec, _sent(endpoints, forms))
    responses = reached(
        spec, (*(answer for point in endpoints for answer in point.answers), *deliveries(spec))
    )
    found: dict[str, Model] = {}
    for model in (*_components(spec, forms, requests, responses), *_parameters(endpoints), *_unknown(spec)):
        if model.name in found:
            raise SpecError(model.pointer, f"{model.name} is already the name of {found[model.name].pointer}")
        found[model.name] = model
    return found


def variants(spec: Spec, schema: Node, pointer: str) -> Mapping[str, tuple[str, Node]]:
    """Read the variants of a tagged union: class name and schema by the value of the tag.

    Raises:
        SpecError: If a variant does not fix the tag with `const`, or repeats that of another.
    """
    tag = schema["discriminator"]["propertyName"]
    found: dict[str, tuple[str, Node]] = {}
    for index, option in enumerate(schema.get("oneOf", schema.get("anyOf", ()))):
        place = join(pointer, "oneOf" if "oneOf" in schema else "anyOf", index)
        name = component(option.get("$ref", ""), place)
        node, _ = spec.follow(option, place)
        value = node.get("properties", {}).get(tag, {}).get("const")
        if not isinstance(value, str) or value in found:
            raise SpecError(place, f"{name} must fix {tag} with a const of its own")
        found[value] = name, node
    return found


def _sent(endpoints: Sequence[Endpoint], forms: Mapping[str, Node]) -> Iterator[tuple[Node, str]]:
    for point in endpoints:
        yield from ((parameter.schema, parameter.pointer) for parameter in point.query_parameters)
        yield from (body for media_type, body in point.bodies.items() if media_type != FORM)
    for name, schema in forms.items():
        if schema["properties"]:
            yield {"$ref": join(SCHEMAS, name)}, join(SCHEMAS, name)
        yield from ((inner, join(SCHEMAS, name)) for inner in schema["properties"].values())


def _forms(spec: Spec, endpoints: Sequence[Endpoint]) -> dict[str, Node]:
    """Find the schemas of multipart bodies, and what is left of them without their binary parts.

    A form that takes parts of any name is left with nothing: no class can hold it.
    """
    found: dict[str, Node] = {}
    for point in endpoints:
        schema, pointer = point.bodies.get(FORM, ({}, ""))
        if "$ref" in schema:
            node, pointer = spec.follow(schema, pointer)
            found[component(schema["$ref"], pointer)] = _text_parts(node)
    return found


def _text_parts(form: Node) -> Node:
    is_open = form.get("additionalProperties", False) is not False
    parts: dict[str, Any] = {} if is_open else form.get("properties", {})
    kept = {
        name: part
        for name, part in parts.items()
        if not any(inner.get("format") == "binary" for inner, _ in subschemas(part, ""))
    }
    return {
        **form,
        "properties": kept,
        "required": [name for name in form.get("required", ()) if name in kept],
    }


def _components(
    spec: Spec, forms: Mapping[str, Node], requests: frozenset[str], responses: frozenset[str]
) -> Iterator[Model]:
    for name, schema in spec.schemas.items():
        pointer = join(SCHEMAS, name)
        if name in forms and not forms[name]["properties"]:
            continue
        kind = _shape(schema) or (Kind.REQUEST if name in requests - responses else Kind.RESPONSE)
        if kind is Kind.RESPONSE and name in requests and _is_constrained(schema, pointer):
            raise SpecError(
                pointer,
                "is used in requests and in responses, and its constraints would be lost: make it two",
            )
        yield Model(name=name, kind=kind, schema=forms.get(name, schema), pointer=pointer)


def _shape(schema: Node) -> Kind | None:
    """Tell the kind of what is no object with properties."""
    if "enum" in schema:
        return Kind.ENUM
    if "properties" in schema:
        return None
    return Kind.UNION if "oneOf" in schema or "anyOf" in schema else Kind.ALIAS


def _is_constrained(schema: Node, pointer: str) -> bool:
    return any(not CONSTRAINTS.isdisjoint(inner) for inner, _ in subschemas(schema, pointer))


def _parameters(endpoints: Sequence[Endpoint]) -> Iterator[Model]:
    for point in endpoints:
        if point.query_parameters:
            yield Model(
                name=parameters_class(point.id),
                kind=Kind.REQUEST,
                schema={
                    "description": f"Query parameters of `{point.method} {point.path}`.",
                    "required": [
                        parameter.name for parameter in point.query_parameters if parameter.required
                    ],
                    "properties": {
                        parameter.name: {
                            **parameter.schema,
                            "description": parameter.description,
                            "deprecated": parameter.deprecated,
                        }
                        for parameter in point.query_parameters
                    },
                },
                pointer=join("#/paths", point.path, point.method.lower(), "parameters"),
            )


def _unknown(spec: Spec) -> Iterator[Model]:
    """Make, for each tagged union, the class of the variants to come: the tag and what all variants share."""
    for name, schema in spec.schemas.items():
        if "discriminator" not in schema:
            continue
        pointer = join(SCHEMAS, name)
        tag = schema["discriminator"]["propertyName"]
        first, *others = [node["properties"] for _, node in variants(spec, schema, pointer).values()]
        shared = {key: node for key, node in first.items() if all(other.get(key) == node for other in others)}
        yield Model(
            name=f"Unknown{name}",
            kind=Kind.UNKNOWN,
            schema={
                "description": f"A variant of `{name}` that this release does not know.",
                "required": [tag],
                "properties": {tag: {"type": "string", "description": "What kind it is."}, **shared},
            },
            pointer=pointer,
        )
