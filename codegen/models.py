"""Writes the models module: datamodel-code-generator names, types and orders, our templates and `writer` spell it out."""

import ast
import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

from datamodel_code_generator import generate
from datamodel_code_generator.enums import DataModelType, InputFileType
from datamodel_code_generator.format import DatetimeClassType, PythonVersion

from codegen import plain
from codegen.catalog import Model, variants
from codegen.names import constant
from codegen.spec import SCHEMAS, Spec, SpecError
from codegen.writer import Writer

_TEMPLATES: Final = Path(__file__).parent / "templates"

_TAKEN: Final = frozenset(
    {"attrs", "bool", "date", "datetime", "dict", "float", "int", "list", "self", "str"}
)
"""Names that a class uses in its own body, so that no attribute may have them; it gets an underscore."""

_IMPORTS: Final = """
from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, Literal, TypeAlias

import attrs

from plextera_async import _schema as _c
from plextera_async._schema import UNSET, OpenStrEnum, UnsetType
"""


def source(spec: Spec, models: Mapping[str, Model]) -> str:
    """Write the module, without header and not yet laid out.

    Raises:
        SpecError: If the generator did not define what it was asked for.
    """
    body = definitions(_generated(spec, models), models)
    exported = [repr(name) for name in sorted({*models, "UNSET", "UnsetType"})]
    tables = "\n".join(_table(spec, model) for model in models.values() if "discriminator" in model.schema)
    return "\n".join((_IMPORTS, f"__all__ = [{', '.join(exported)},]", body, tables))


def _generated(spec: Spec, models: Mapping[str, Model]) -> str:
    text = generate(
        json.dumps(plain.document(models)),
        input_file_type=InputFileType.OpenAPI,
        output=None,
        output_model_type=DataModelType.DataclassesDataclass,
        custom_template_dir=_TEMPLATES,
        extra_template_data=defaultdict(dict, {"#all#": Writer(spec, models).functions()}),
        target_python_version=PythonVersion.PY_311,
        output_datetime_class=DatetimeClassType.Datetime,
        aliases={name: f"{name}_" for name in sorted(_TAKEN)},
        snake_case_field=True,
        capitalise_enum_members=True,
        strict_nullable=True,
        use_schema_description=True,
        use_single_value_enum_as_const=True,
        allow_remote_refs=False,
        strict_refs=True,
        disable_timestamp=True,
        custom_file_header="#",
        formatters=[],
    )
    return cast("str", text)  # several modules come only of schemas with dots in their names


def definitions(module: str, models: Mapping[str, Model]) -> str:
    """Cut off the imports of a generated module, because ours say more.

    Raises:
        SpecError: If it does not define what was asked for: the generator renames silently where it sees a need.
    """
    nodes = ast.parse(module).body
    if wrong := sorted({name for node in nodes for name in _defined(node)} ^ {*models}):
        raise SpecError(SCHEMAS, f"the generator disagrees about {', '.join(wrong)}")
    imports = (node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))
    last = max(node.end_lineno or 0 for node in imports)
    return "\n".join(module.split("\n")[last:])


def _defined(node: ast.stmt) -> tuple[str, ...]:
    if isinstance(node, ast.ClassDef):
        return (node.name,)
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return (node.target.id,)
    return ()


def _table(spec: Spec, model: Model) -> str:
    """Write what the codec needs to choose a variant of a union."""
    name = constant(model.name)
    rows = (
        f"{tag!r}: {variant}," for tag, (variant, _) in variants(spec, model.schema, model.pointer).items()
    )
    return f'''
{name}_TAG: Final = {model.schema["discriminator"]["propertyName"]!r}
"""The JSON name of the property that tells the variants of `{model.name}` apart."""

{name}_VARIANTS: Final[Mapping[str, type[{model.name}]]] = {{{"".join(rows)}}}
"""The variants of `{model.name}` by the value of that property; all others are `Unknown{model.name}`."""
'''
