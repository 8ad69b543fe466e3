"""pydantic v2 models of openapi/plextera.yaml, as datamodel-code-generator makes them; not edited."""

import subprocess
import sys
from pathlib import Path

__all__ = ["generate_pydantic"]


def generate_pydantic(file: Path, *more: str) -> None:
    """Write them into a file; *more* are further options."""
    command = [sys.executable, "-m", "datamodel_code_generator", "--input", "openapi/plextera.yaml"]
    command += ["--input-file-type", "openapi", "--output", str(file)]
    command += ["--output-model-type", "pydantic_v2.BaseModel", "--snake-case-field", *more]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
