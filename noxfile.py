"""Everything that must hold, one session each: `nox` runs them all, `nox -s tests` one, `nox -l` lists them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nox

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "layers", "types", "generated", "tests", "package"]

PYPROJECT = nox.project.load_toml("pyproject.toml")
GROUPS = {name: nox.project.dependency_groups(PYPROJECT, name) for name in PYPROJECT["dependency-groups"]}
SUPPORTED = [
    row.removeprefix("Programming Language :: Python :: ")
    for row in PYPROJECT["project"]["classifiers"]
    if re.search(r":: 3\.\d+$", row)
]


def runs(interpreter: str) -> bool:
    """Say whether an interpreter starts: a shim on the PATH may stand for a version that is not enabled."""
    return subprocess.run([interpreter, "-c", ""], capture_output=True, check=False).returncode == 0


def interpreter(version: str) -> str | None:
    """Find a Python: the running one, one on the PATH, or one that pyenv keeps."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return version
    on_path = shutil.which(f"python{version}")
    if on_path and runs(on_path):
        return version
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    kept = sorted(root.glob(f"versions/{version}.*/bin/python"))
    return str(kept[-1]) if kept and runs(str(kept[-1])) else None


HERE = [nox.param(found, id=version) for version in SUPPORTED if (found := interpreter(version))]


@nox.session
def lint(session: nox.Session) -> None:
    """Style and mistakes: ruff, check and format."""
    session.install(*GROUPS["lint"])
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def layers(session: nox.Session) -> None:
    """Which room may import which: import-linter."""
    session.install(*GROUPS["lint"])
    session.run("lint-imports", env={"PYTHONPATH": "."})


@nox.session
def types(session: nox.Session) -> None:
    """mypy strict everywhere, pyright strict on the package and the public API."""
    session.install(*GROUPS["types"], "-e", ".[cli]")
    session.run("mypy")
    session.run("pyright")


@nox.session
def generated(session: nox.Session) -> None:
    """The generated code is what the generator makes of the document."""
    session.install(*GROUPS["codegen"], "-e", ".")
    session.run("python", "-m", "codegen", "--check")


@nox.session
@nox.parametrize("python", HERE)
def tests(session: nox.Session) -> None:
    """The tests, on each supported Python that is here; branch coverage is judged on the first."""
    session.install(*GROUPS["test"], "-e", ".[cli]")
    parallel = ["-n", "auto", "--maxprocesses", "4", "--dist", "worksteal"]  # more would only want memory
    if session.python != HERE[0].args[0] or session.posargs:
        session.run("pytest", *(session.posargs or parallel))
        return
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *parallel, env={"COVERAGE_CORE": "ctrace"})
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


@nox.session
def package(session: nox.Session) -> None:
    """The wheel holds what it should, and the main job runs from it in a clean environment."""
    session.install("build==1.6.1")
    out = Path(session.create_tmp()).resolve()
    session.run("python", "-m", "build", "--outdir", str(out), silent=True)
    wheel = next(out.glob("*.whl"))
    session.run("python", "tests/package_contents.py", str(wheel))
    session.install(f"{wheel}[cli]")
    documents = Path("examples/documents").resolve()
    with session.chdir(out):  # away from the source tree, so that the installed package is the one that runs
        session.run("plextera", "ingest", str(documents), "--sandbox")


@nox.session(default=False)
def codegen(session: nox.Session) -> None:
    """Write the generated code anew, after a change of openapi/plextera.yaml."""
    session.install(*GROUPS["codegen"], "-e", ".")
    session.run("python", "-m", "codegen")


@nox.session(default=False)
def benchmarks(session: nox.Session) -> None:
    """Measure, beside what one would use instead; on a quiet machine. Names choose: `nox -s benchmarks -- jobs`."""
    session.install(*GROUPS["benchmarks"], "-e", ".")
    session.run("python", "-m", "tests.benchmarks", *session.posargs)
