"""The Python of one model; the templates call these and decide nothing themselves."""

import textwrap
from collections.abc import Callable, Mapping
from typing import Final

import attrs

from codegen.catalog import Kind, Model
from codegen.constraints import is_nullable, validator
from codegen.docstrings import docstring
from codegen.names import camel
from codegen.spec import Node, Spec, SpecError, join

_HEADS: Final = {
    Kind.RESPONSE: "@attrs.frozen(kw_only=True, weakref_slot=False)\nclass {}:",
    Kind.REQUEST: "@attrs.define(kw_only=True)\nclass {}:",
    Kind.UNKNOWN: "@attrs.frozen(kw_only=True)\nclass {}(_c.UnknownVariant):",
}
_EXTRA: Final = '''\
    extra: Mapping[str, Any] = attrs.field(default=_c.NO_EXTRA, repr=False)
    """Properties that this release does not know, by their JSON names."""
'''


@attrs.frozen
class Writer:
    """Answers the templates; built once per run."""

    spec: Spec
    models: Mapping[str, Model]

    def functions(self) -> dict[str, Callable[..., str]]:
        """Name what the templates may call."""
        return {
            "class_head": self.class_head,
            "class_tail": self.class_tail,
            "attribute": self.attribute,
            "docstring": self.docstring,
        }

    def class_head(self, name: str) -> str:
        """Write decorator, name and docstring."""
        docs = textwrap.indent(self.docstring(name), "    ")
        return f"{_HEADS[self.models[name].kind].format(name)}\n{docs}\n"

    def class_tail(self, name: str) -> str:
        """Write what comes after the properties of the schema."""
        return _EXTRA if self.models[name].kind is Kind.RESPONSE else ""

    def docstring(self, name: str) -> str:
        """Write the docstring of a class or an alias."""
        return docstring(self.models[name].schema)

    def attribute(self, owner: str, json_name: str, name: str, hint: str) -> str:
        """Write an attribute and its docstring.

        Raises:
            SpecError: If its name is that of the attribute that every response model has.
        """
        model = self.models[owner]
        schema = model.schema["properties"][json_name]
        pointer = join(model.pointer, "properties", json_name)
        if model.kind is Kind.RESPONSE and name == "extra":
            raise SpecError(pointer, "extra is where a model keeps unknown properties")
        required = json_name in model.schema.get("required", ())
        always = required or is_empty_by_default(schema, model.kind)
        annotation = _annotation(hint, model.kind, required=always, nullable=is_nullable(schema))
        value = _value(self._arguments(model, json_name, name, required=required))
        docs = docstring(self._with_description(schema, pointer, model.kind))
        return f"{name}: {annotation}{value}\n{textwrap.indent(docs, '    ')}"

    def _with_description(self, schema: Node, pointer: str, kind: Kind) -> Node:
        described = schema.get("description") or self.spec.follow(schema, pointer)[0].get("description")
        # The server's default is what a sender may leave out; a reader gets the value.
        left_out = () if kind is Kind.REQUEST else ("default",)
        shown = {key: value for key, value in schema.items() if key not in left_out}
        return {**shown, "description": described}

    def _arguments(self, model: Model, json_name: str, name: str, *, required: bool) -> dict[str, str]:
        schema = model.schema["properties"][json_name]
        pointer = join(model.pointer, "properties", json_name)
        found = {"default": _default(schema, model.kind, required=required)}
        if is_empty_by_default(schema, model.kind):
            found = {"factory": "_c.no_items"}
        if model.kind is Kind.REQUEST:
            found["validator"] = validator(self.spec, schema, pointer, model.name)
        if camel(name) != json_name:
            found["metadata"] = f"_c.wire({json_name!r})"
        if is_secret(schema) or is_secret(self.spec.follow(schema, pointer)[0]):
            found["repr"] = "False"
        return {key: text for key, text in found.items() if text}


def is_secret(schema: Node) -> bool:
    """Tell whether a value must not show in the repr of its model."""
    return bool(schema.get("x-sensitive") or schema.get("writeOnly") or schema.get("format") == "password")


def is_empty_by_default(schema: Node, kind: Kind) -> bool:
    """Tell whether an answer without this list means an empty one, so that reading it needs no check for None."""
    return kind is Kind.RESPONSE and bool(schema.get("x-empty-when-absent"))


def _annotation(hint: str, kind: Kind, *, required: bool, nullable: bool) -> str:
    sent = kind is Kind.REQUEST
    absent = ["UnsetType"] if sent and not required else []
    # `Any` swallows every other member of a union, and tools complain of it.
    null = ["None"] if (nullable or not (sent or required)) and hint != "Any" else []
    return " | ".join([hint, *absent, *null])


def _default(schema: Node, kind: Kind, *, required: bool) -> str:
    if "const" in schema:
        return repr(schema["const"])
    if required:
        return ""
    return "UNSET" if kind is Kind.REQUEST else "None"


def _value(arguments: Mapping[str, str]) -> str:
    if not arguments:
        return ""
    if list(arguments) == ["default"]:
        return f" = {arguments['default']}"
    return f" = attrs.field({', '.join(f'{key}={text}' for key, text in arguments.items())})"
