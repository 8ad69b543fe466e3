"""The OpenAPI document: reading it, pointing into it, following its references."""

import hashlib
from collections.abc import Hashable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

import attrs
import yaml

Node = Mapping[str, Any]
"""An object of the document."""

SCHEMAS: Final = "#/components/schemas"

_NESTED_ONE: Final = ("items", "additionalProperties", "propertyNames")
_NESTED_LIST: Final = ("anyOf", "oneOf")


class SpecError(Exception):
    """The document asks for something that the generator cannot express."""

    def __init__(self, pointer: str, problem: str) -> None:
        super().__init__(f"{pointer}: {problem}")


@attrs.frozen
class Spec:
    """A document and the fingerprint of its bytes."""

    document: Node
    sha256: str

    @property
    def schemas(self) -> Mapping[str, Node]:
        """The component schemas by name, in the order of the document."""
        schemas: Mapping[str, Node] = self.document.get("components", {}).get("schemas", {})
        return schemas

    def follow(self, node: Node, pointer: str) -> tuple[Node, str]:
        """Follow `$ref` to where it ends.

        Returns:
            The object without a `$ref`, and its pointer.

        Raises:
            SpecError: If a reference is remote, leads nowhere or in a circle.
        """
        seen: list[str] = []
        while "$ref" in node:
            target: str = node["$ref"]
            if target in seen:
                raise SpecError(pointer, f"$ref goes in a circle at {target}")
            seen.append(target)
            node = self._find(target, pointer)
        return node, seen[-1] if seen else pointer

    def _find(self, target: str, pointer: str) -> Node:
        if not target.startswith("#/"):
            raise SpecError(pointer, f"$ref to {target}: only references within the document are followed")
        found: Any = self.document
        for key in target.removeprefix("#/").split("/"):
            found = _child(found, unescape(key))
        if found is None:
            raise SpecError(pointer, f"$ref to {target} leads nowhere")
        return cast("Node", found)


def _child(node: Any, key: str) -> Node | None:
    found: Any = cast("Node", node).get(key) if isinstance(node, Mapping) else None
    return cast("Node", found) if isinstance(found, Mapping) else None


def load(path: Path) -> Spec:
    """Read a YAML (or JSON) document.

    Raises:
        SpecError: If it is no mapping, or a mapping in it repeats a key, which YAML would silently overwrite.
    """
    content = path.read_bytes()
    document = yaml.load(content, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader that checks more
    if not isinstance(document, dict):
        raise SpecError("#", "the document must be an object")
    return Spec(cast("Node", document), hashlib.sha256(content).hexdigest())


class _StrictLoader(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - theirs
        keys = [key.value for key, _ in node.value]
        found = super().construct_mapping(node, deep)
        for key in found:
            # `on` and `no` are booleans to YAML 1.1; statuses may be numbers.
            if not isinstance(key, str | int) or isinstance(key, bool):
                raise SpecError("#", f"line {node.start_mark.line + 1}: the key {key!r} is no text: quote it")
        if len(found) < len(keys):
            repeated = next(key for key in keys if keys.count(key) > 1)
            raise SpecError("#", f"line {node.start_mark.line + 1}: the key {repeated} appears twice")
        return found


def join(pointer: str, *keys: object) -> str:
    """Extend a JSON pointer (RFC 6901)."""
    return "/".join((pointer, *(str(key).replace("~", "~0").replace("/", "~1") for key in keys)))


def unescape(key: str) -> str:
    """Read one part of a JSON pointer (RFC 6901, 4)."""
    return key.replace("~1", "/").replace("~0", "~")


def subschemas(schema: Node, pointer: str) -> Iterator[tuple[Node, str]]:
    """Yield a schema and all schemas inside it, each with its pointer; references are not followed."""
    yield schema, pointer
    for name, inner in schema.get("properties", {}).items():
        yield from subschemas(inner, join(pointer, "properties", name))
    for keyword in _NESTED_ONE:
        if isinstance(schema.get(keyword), Mapping):
            # Names of properties are strings, which a schema need not say.
            implied = {"type": "string"} if keyword == "propertyNames" else {}
            yield from subschemas({**implied, **schema[keyword]}, join(pointer, keyword))
    for keyword in _NESTED_LIST:
        for index, inner in enumerate(schema.get(keyword, ())):
            yield from subschemas(inner, join(pointer, keyword, index))


def component(reference: str, pointer: str) -> str:
    """Tell which component schema a `$ref` names.

    Raises:
        SpecError: If it points anywhere else, because only component schemas become classes.
    """
    parent, _, name = reference.rpartition("/")
    if parent != SCHEMAS:
        raise SpecError(pointer, f"$ref to {reference}: a schema may only refer to {SCHEMAS}/...")
    return unescape(name)


def reached(spec: Spec, starts: Iterable[tuple[Node, str]]) -> frozenset[str]:
    """Name the component schemas to which some schemas lead, directly or not."""
    found: set[str] = set()
    waiting = list(starts)
    while waiting:
        for schema, pointer in subschemas(*waiting.pop()):
            if "$ref" in schema and (name := component(schema["$ref"], pointer)) not in found:
                found.add(name)
                waiting.append(spec.follow(schema, pointer))
    return frozenset(found)
