"""The operations of the document, read and checked."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from codegen.names import constant
from codegen.spec import Node, Spec, SpecError, join

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_PATH_ITEM: Final = frozenset((*_METHODS, "parameters", "summary", "description"))
_OPERATION_ID: Final = re.compile(r"[a-z][A-Za-z0-9]*")
_STATUS: Final = re.compile(r"[1-5][0-9][0-9]")


@attrs.frozen(kw_only=True)
class Parameter:
    """A query or path parameter."""

    name: str
    place: str
    required: bool
    schema: Node
    description: str
    deprecated: bool
    pointer: str


@attrs.frozen(kw_only=True)
class Endpoint:
    """An operation as the generator sees it."""

    id: str
    method: str
    path: str
    summary: str
    path_parameters: tuple[Parameter, ...]
    query_parameters: tuple[Parameter, ...]
    bodies: Mapping[str, tuple[Node, str]]
    """Schema and its pointer by media type."""

    answers: tuple[tuple[Node, str], ...]
    success: tuple[int, ...]
    creates: bool
    deprecated: bool


def endpoints(spec: Spec) -> tuple[Endpoint, ...]:
    """Read all operations under `paths`, in the order of the document.

    Raises:
        SpecError: If an operationId is missing, repeated or no camelCase name, a parameter is of a kind that
            cannot be expressed, or a path and its parameters do not agree.
    """
    _check_unique_ids(spec)
    return tuple(
        _endpoint(spec, path, method, pointer) for path, method, _, pointer in _operations(spec, "paths")
    )


def deliveries(spec: Spec) -> Iterator[tuple[Node, str]]:
    """Yield the schemas of the webhook bodies: requests of the server, so answers to us."""
    for _, _, node, pointer in _operations(spec, "webhooks"):
        yield from _bodies(spec, node, pointer).values()


def _operations(spec: Spec, section: str) -> Iterator[tuple[str, str, Node, str]]:
    for path, item in spec.document.get(section, {}).items():
        pointer = join("#", section, path)
        if unknown := sorted(key for key in item if key not in _PATH_ITEM and not key.startswith("x-")):
            raise SpecError(pointer, f"{unknown[0]} is not supported in a path item")
        for method in item:
            if method in _METHODS:
                yield path, method, item[method], join(pointer, method)


def _check_unique_ids(spec: Spec) -> None:
    seen: dict[str, str] = {}
    constants = {"ALL": "the list of all operations"}
    for section in ("paths", "webhooks"):
        for _, _, node, pointer in _operations(spec, section):
            name = node.get("operationId")
            if name is None and section == "webhooks":
                continue
            if not isinstance(name, str) or not _OPERATION_ID.fullmatch(name):
                raise SpecError(pointer, f"operationId must be a camelCase name, is {name!r}")
            if name in seen:
                raise SpecError(pointer, f"operationId {name} is already that of {seen[name]}")
            if (made := constant(name)) in constants:
                raise SpecError(
                    pointer, f"operationId {name} makes the name {made}, as {constants[made]} does"
                )
            seen[name], constants[made] = pointer, name


def _endpoint(spec: Spec, path: str, method: str, pointer: str) -> Endpoint:
    item = spec.document["paths"][path]
    node = item[method]
    parameters = _parameters(spec, path, method)
    in_path = tuple(parameter for parameter in parameters if parameter.place == "path")
    _check_path(path, in_path, pointer)
    return Endpoint(
        id=node["operationId"],
        method=method.upper(),
        path=path,
        summary=_summary(node, pointer),
        path_parameters=in_path,
        query_parameters=tuple(parameter for parameter in parameters if parameter.place == "query"),
        bodies=_bodies(spec, node, pointer),
        answers=tuple(_answers(spec, node, pointer)),
        success=_success(node, pointer),
        creates=node.get("x-creates", False),
        deprecated=node.get("deprecated", False),
    )


def _summary(node: Node, pointer: str) -> str:
    text: str | None = node.get("summary") or node.get("description")
    if not text:
        raise SpecError(pointer, "has no summary and no description")
    return text


def _parameters(spec: Spec, path: str, method: str) -> tuple[Parameter, ...]:
    """Join the parameters of the path item and of the operation; those of the operation win (OpenAPI 3.1, 4.8.10)."""
    item = spec.document["paths"][path]
    found: dict[tuple[str, str], Parameter] = {}
    for holder, pointer in ((item, join("#/paths", path)), (item[method], join("#/paths", path, method))):
        for index, node in enumerate(holder.get("parameters", ())):
            parameter = _parameter(spec, *spec.follow(node, join(pointer, "parameters", index)))
            found[parameter.place, parameter.name] = parameter
    return tuple(found.values())


def _parameter(spec: Spec, node: Node, pointer: str) -> Parameter:
    place = node["in"]
    if place == "cookie":
        raise SpecError(pointer, "cookie parameters are not supported")
    if "schema" not in node:
        raise SpecError(pointer, "a parameter needs a schema; content is not supported")
    if node.get("style", "form" if place == "query" else "simple") not in {"form", "simple"}:
        raise SpecError(pointer, f"style {node['style']} is not supported")
    if node.get("explode", place == "query") is not (place == "query"):
        raise SpecError(pointer, "only the default explode is supported")
    described = node.get("description") or spec.follow(node["schema"], pointer)[0].get("description")
    if not described:
        raise SpecError(pointer, "has no description")
    return Parameter(
        name=node["name"],
        place=place,
        required=node.get("required", False),
        schema=node["schema"],
        description=described,
        deprecated=node.get("deprecated", False),
        pointer=join(pointer, "schema"),
    )


def _check_path(path: str, declared: tuple[Parameter, ...], pointer: str) -> None:
    asked = re.findall(r"\{([^{}]*)\}", path)
    for name in asked:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or asked.count(name) > 1:
            raise SpecError(pointer, f"{{{name}}} cannot be the name of a path parameter here")
    if sorted(asked) != sorted(parameter.name for parameter in declared):
        raise SpecError(pointer, "the path and its declared path parameters do not agree")


def _bodies(spec: Spec, node: Node, pointer: str) -> dict[str, tuple[Node, str]]:
    if "requestBody" not in node:
        return {}
    return dict(_content(*spec.follow(node["requestBody"], join(pointer, "requestBody"))))


def _answers(spec: Spec, node: Node, pointer: str) -> Iterator[tuple[Node, str]]:
    for status, answer in node.get("responses", {}).items():
        for _, found in _content(*spec.follow(answer, join(pointer, "responses", status))):
            yield found


def _content(node: Node, pointer: str) -> Iterator[tuple[str, tuple[Node, str]]]:
    for media_type, media in node.get("content", {}).items():
        schema: dict[str, Any] = media.get("schema", {})
        yield media_type, (schema, join(pointer, "content", media_type, "schema"))


def _success(node: Node, pointer: str) -> tuple[int, ...]:
    statuses = [str(status) for status in node.get("responses", {}) if status != "default"]
    for status in statuses:
        if not _STATUS.fullmatch(status):
            raise SpecError(join(pointer, "responses", status), "is not a status of three digits")
    return tuple(sorted(int(status) for status in statuses if status.startswith("2")))
