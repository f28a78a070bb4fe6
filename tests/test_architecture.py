"""Dependencies point one way: examples -> pipelines -> estimators -> numpy, scipy, scikit-learn."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import estimators
import pipelines

ROOT = Path(__file__).parents[1]
CORE = {"numpy", "scipy", "sklearn", "pandas", "polars"}
ALLOWED = {
    "estimators": CORE | {"estimators"},
    "pipelines": CORE | {"estimators", "pipelines", "joblib", "skops"},
    "examples": CORE | {"estimators", "pipelines", "examples", "rich", "matplotlib"},
}
WEB = {  # what the sites may use too, and nothing else of the examples
    "fastapi",
    "starlette",
    "uvicorn",
    "pydantic",
    "pydantic_core",
    "jinja2",
    "itsdangerous",
    "sqlalchemy",
    "alembic",
    "filelock",
    "anyio",
    "altair",
    "vl_convert",
}
ONLY_IN = {  # where more may be used: pictures, an accelerator, the reading of a checkpoint, progress bars, a cluster
    "display.py": {"matplotlib"},
    "accelerator.py": {"numba"},
    "checkpoint.py": {"joblib"},
    "loss_bar.py": {"rich"},
    "batch_bar.py": {"rich"},
    "cluster.py": {"dask", "distributed"},
}
STANDARD = __import__("sys").stdlib_module_names
MODULES = [path for folder in ALLOWED for path in sorted((ROOT / folder).rglob("*.py"))]


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path):
    folder = path.relative_to(ROOT).parts[0]
    packages = {name.split(".")[0] for name in imported(path)}
    more = ONLY_IN.get(path.name, set()) if folder != "examples" else set()
    more |= WEB if "web" in path.relative_to(ROOT).parts else set()
    assert packages - STANDARD <= ALLOWED[folder] | more


def test_the_shared_web_parts_know_no_site_and_no_site_another():
    for path in MODULES:
        _, *folders = path.relative_to(ROOT).parts[:-1]
        of_examples = {name.split(".")[1] for name in imported(path) if name.startswith("examples.")}
        if folders[:1] == ["web"]:
            assert of_examples <= {"web", "arguments"}, path
        elif folders:
            assert of_examples <= {folders[0], "web", "arguments", "saved", "terminal"}, path


def test_the_command_lines_start_without_the_web_packages():
    for path in MODULES:
        if path.parent.name in ("games", "pizza", "digits"):
            needed = {name for name in imported(path) if name.startswith("examples.") and ".web" in name}
            assert needed <= {"examples.web.serve"}, path
    tree = ast.parse((ROOT / "examples" / "web" / "serve.py").read_text(encoding="utf-8"))
    at_once = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not {"fastapi", "uvicorn", "examples.web.database"} & {
        getattr(node, "module", "") for node in at_once
    }


def test_the_modules_were_found():
    assert {path.parent.name for path in MODULES} >= {"estimators", "pipelines", "examples", "games"}


def test_only_persistence_and_examples_name_the_models_folder():
    naming = [path for path in MODULES if '"models"' in path.read_text(encoding="utf-8")]
    assert {path.name for path in naming} == {"__main__.py"}
    assert sorted(path.parent.name for path in naming) == ["digits", "games", "pizza"]


def test_dask_is_imported_only_when_it_is_asked_for():
    for package in ("estimators", "pipelines"):
        code = f"import sys, {package}; sys.exit(bool({{'dask', 'distributed'}} & set(sys.modules)))"
        assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("package", [estimators, pipelines])
def test_public_names_are_sorted_and_documented(package):
    assert list(package.__all__) == sorted(package.__all__)
    for name in package.__all__:
        assert getattr(package, name).__doc__, name
