"""The rules of the layout: which way imports run, what is private, and that each folder names its modules."""

import ast
import re
import subprocess
import sys
import textwrap
import tomllib
from functools import cache
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
COMMANDS = ("serve", "backup", "environment")  # modules of the sites that the command lines import
WEB = {  # what the sites may use too, and nothing else of the examples
    "PIL",
    "fastapi",
    "starlette",
    "uvicorn",
    "pydantic",
    "pydantic_core",
    "jinja2",
    "prometheus_client",
    "openpyxl",
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
    "forecast_display.py": {"matplotlib"},
    "public_holidays.py": {"holidays"},
    "accelerator.py": {"numba"},
    "checkpoint.py": {"joblib"},
    "loss_bar.py": {"rich"},
    "batch_bar.py": {"rich"},
    "cluster.py": {"dask", "distributed"},
}
STANDARD = sys.stdlib_module_names
MODULES = [path for folder in ALLOWED for path in sorted((ROOT / folder).rglob("*.py"))]
BENCHMARKS = sorted((ROOT / "benchmarks").rglob("*.py"))
FOLDERS = [
    path.parent
    for path in MODULES
    if path.name == "__init__.py" and path.parts[len(ROOT.parts)] != "examples"
]
FROM_SCIKIT_LEARN = (
    "_common/scikit_learn.py"  # the only file of a package that touches what is private in scikit-learn
)
OF_OTHER_LIBRARIES = {  # names with an underscore that may be used, most of them documented as public
    *("_replace", "_asdict", "_fields", "_make"),  # named tuples
    "_exit",  # os
    *("_upgrade_revs", "_downgrade_revs"),  # alembic's cookbook, on running migrations from Python
    "_meta",  # of a Dask data frame, in Dask's pages on its design
    "_dataset_info",  # of Dask's reader of Parquet files, which names them nowhere else
}
every_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
every_script = pytest.mark.parametrize(
    "path", MODULES + BENCHMARKS, ids=lambda path: str(path.relative_to(ROOT))
)
every_folder = pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(ROOT)))


@cache
def parse(path):
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path):
    """Return the nodes of a file's syntax tree."""
    return list(ast.walk(parse(path)))


def imported(path):
    """Yield each module that a file imports, except for type checkers only."""
    ifs = [node for node in nodes(path) if isinstance(node, ast.If)]
    blocks = [node for node in ifs if getattr(node.test, "id", "") == "TYPE_CHECKING"]
    typing = {node for block in blocks for node in ast.walk(block)}
    for node in nodes(path):
        if node in typing:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module


def imported_names(path):
    """Yield the dotted parts of each module and name that a file imports."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ([*node.module.split("."), alias.name] for alias in node.names)


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def of_package(path):
    """Return the package of a file and its path inside it."""
    package, *inside = path.relative_to(ROOT).parts
    return package, inside


@every_module
def test_imports_point_one_way(path):
    folder, inside = of_package(path)
    packages = {name.split(".")[0] for name in imported(path)}
    more = ONLY_IN.get(path.name, set()) if folder != "examples" else set()
    more |= WEB if "web" in inside else set()
    assert packages - STANDARD <= ALLOWED[folder] | more


@every_script
def test_no_package_imports_what_is_private_in_another(path):
    package, _ = of_package(path)
    ours = {*ALLOWED, "benchmarks"} - {package}
    assert [
        ".".join(parts) for parts in imported_names(path) if parts[0] in ours and any(map(is_private, parts))
    ] == []


@every_script
def test_what_is_private_in_scikit_learn_is_imported_in_one_file(path):
    private = [
        ".".join(parts)
        for parts in imported_names(path)
        if parts[0] == "sklearn" and any(map(is_private, parts))
    ]
    if not path.as_posix().endswith(FROM_SCIKIT_LEARN):
        assert private == []


@every_module
def test_a_private_module_imports_only_its_own_folder_and_the_common_one(path):
    package, inside = of_package(path)
    if not is_private(inside[0]):
        return
    own = [parts for parts in imported_names(path) if parts[0] == package]
    assert [".".join(parts) for parts in own if parts[1] not in {inside[0], "_common"}] == []


def names_defined(package):
    """Yield the names of a package: functions, classes, variables, and attributes set on self or cls."""
    for path in (ROOT / package).rglob("*.py"):
        for node in nodes(path):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield node.name
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_self(node.value):
                yield node.attr


def is_self(node):
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def private_attributes(path):
    """Yield the private names that a file reads, sets or deletes on any object, also by getattr and its like."""
    for node in nodes(path):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            yield node.attr
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
            "getattr",
            "hasattr",
            "setattr",
            "delattr",
        ):
            name = getattr(node.args[1], "value", "")
            if isinstance(name, str) and is_private(name):
                yield name


@cache
def names_allowed(package):
    return set(names_defined(package)) | OF_OTHER_LIBRARIES


@every_script
def test_private_attributes_are_those_of_the_own_package(path):
    """Neither another package's nor scikit-learn's, not even on self, where a base class defines them."""
    foreign = set(private_attributes(path)) - names_allowed(of_package(path)[0])
    if not path.as_posix().endswith(FROM_SCIKIT_LEARN):
        assert sorted(foreign) == []


@every_folder
def test_a_folder_opens_with_a_reading_order_that_names_its_modules(folder):
    tree = parse(folder / "__init__.py")
    text = ast.get_docstring(tree) or ""
    modules = [path.stem for path in sorted(folder.glob("*.py")) if path.stem != "__init__"]
    assert [name for name in modules if not re.search(rf"\b{name}\b", text)] == []
    assert len(text.splitlines()) <= 10
    if is_private(folder.name):
        assert len(tree.body) == 1, "a private folder's __init__.py holds a docstring only"


def test_the_wheel_holds_every_folder():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    assert sorted(listed) == sorted(".".join(folder.relative_to(ROOT).parts) for folder in FOLDERS)


MODULES_OF_A_FIT = """
    import sys, warnings
    from pathlib import Path
    import numpy as np
    import estimators

    folder, ran = Path(estimators.__file__).parent, set()
    def note(frame, event, argument):
        if event == "call":
            ran.add(frame.f_code.co_filename)

    X = np.random.default_rng(0).normal(size=(40, 3))
    model = estimators.MLPClassifier()
    warnings.simplefilter("ignore")
    sys.setprofile(note)
    model.fit(X, X[:, 0] > 0)
    sys.setprofile(None)
    print(*(Path(name).relative_to(folder).as_posix() for name in ran if Path(name).is_relative_to(folder)))
"""


def test_nine_modules_run_in_a_fit_of_a_network_and_its_folder_names_them():
    code = textwrap.dedent(MODULES_OF_A_FIT)
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    ran = {name for name in printed.stdout.split() if not name.startswith("_common/")}
    assert "mlp.py" in ran
    assert len(ran) <= 9, sorted(ran)
    text = ast.get_docstring(parse(ROOT / "estimators" / "_network" / "__init__.py"))
    assert [name for name in ran if not re.search(rf"\b{Path(name).stem}\b", text)] == []


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
            assert needed <= {f"examples.web.{name}" for name in COMMANDS}, path
    allowed = {"examples.arguments", *(f"examples.web.{name}" for name in COMMANDS)}
    for name in COMMANDS:
        tree = parse(ROOT / "examples" / "web" / f"{name}.py")
        for node in (node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)):
            names = [node.module] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
            assert all(one.split(".")[0] in STANDARD or one in allowed for one in names), names


def test_the_modules_were_found():
    assert {path.parent.name for path in MODULES} >= {"estimators", "pipelines", "examples", "games"}


def test_only_persistence_and_examples_name_the_models_folder():
    naming = [path for path in MODULES if '"models"' in path.read_text(encoding="utf-8")]
    assert {path.name for path in naming} == {"__main__.py", "commands.py"}
    assert sorted(path.parent.name for path in naming) == ["digits", "games", "pizza"]


def test_dask_is_imported_only_when_it_is_asked_for():
    code = "import sys, estimators, pipelines; sys.exit(bool({'dask', 'distributed'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("package", [estimators, pipelines])
def test_public_names_are_sorted_and_documented(package):
    assert list(package.__all__) == sorted(package.__all__)
    assert [name for name in package.__all__ if not getattr(package, name).__doc__] == []
