"""The guide's scripts are in percent format, complete, and mention all there is; building the guide runs them."""

import re
from importlib import import_module
from pathlib import Path

import pytest

import estimators
import pipelines

DOCS = Path(__file__).parents[2] / "docs"
COURSE = sorted((DOCS / "course").glob("*.py"))
SCRIPTS = [
    path
    for section in ("course", "gallery", "how_it_works")
    for path in sorted((DOCS / section).glob("*.py"))
]
PAGES = sorted(DOCS.glob("*.md"))
ROOT = DOCS.parent
READMES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("examples/*/README.md"))]


def commands():
    """Yield what python -m runs in a clone: each module that is made for it, and each of its subcommands."""
    for path in sorted(
        path for folder in ("benchmarks", "docs", "examples") for path in (ROOT / folder).rglob("*.py")
    ):
        if '__name__ == "__main__"' not in path.read_text():
            continue
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        yield module.removesuffix(".__main__")
        if "def build_parser" in path.read_text():
            names = next(
                action.choices for action in import_module(module).build_parser()._actions if action.choices
            )
            yield from (f"{module.removesuffix('.__main__')} {name}" for name in names)


def cells(path):
    """Return (is_text, lines) of each cell after the title's."""
    first, *rest = re.split(r"^# %%", path.read_text(), flags=re.M)[1:]
    assert first.startswith(' [markdown]\n"""\n'), f"{path}: the first cell is the title, a string"
    return [(cell.startswith(" [markdown]"), cell.split("\n")[1:]) for cell in rest]


def headings(path):
    text = path.read_text()
    return re.findall(r"^(?:# )?(.+)\n(?:# )?(?:=|-){3,}$", text, flags=re.M)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_opens_as_a_notebook(path):
    for is_text, lines in cells(path):
        if is_text:
            assert all(line.startswith("#") for line in lines if line), f"{path}: code in a text cell"
        else:
            assert not lines[0].startswith("#"), (
                f"{path}: a code cell that starts with a comment is taken for text"
            )
            compile("\n".join(lines), str(path), "exec")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_lines_fit_the_page(path):
    code = [line for is_text, lines in cells(path) if not is_text for line in lines]
    assert max(map(len, code)) <= 88


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_a_part_has_pictures_and_ends_with_an_exercise_and_its_answer(path):
    title, *sections = headings(path)
    assert sections[-2:] == ["Exercise", "Answer"]
    number = int(path.stem.split("_")[1])
    assert title.startswith(f"{number}. ")
    assert path.read_text().count("plt.show()") >= len(sections) // 2


def test_the_parts_are_numbered_without_a_gap():
    assert [int(path.stem.split("_")[1]) for path in COURSE] == list(range(1, len(COURSE) + 1))


@pytest.mark.parametrize("module", [estimators, pipelines], ids=lambda module: module.__name__)
def test_the_reference_has_every_public_name(module):
    listed = re.findall(rf"^   {module.__name__}\.(\w+)$", (DOCS / "reference.md").read_text(), flags=re.M)
    assert sorted(listed) == sorted(module.__all__)


@pytest.mark.parametrize("module", [estimators, pipelines], ids=lambda module: module.__name__)
def test_the_tour_shows_every_public_name(module):
    tour = (DOCS / "tour.md").read_text()
    assert [name for name in module.__all__ if not re.search(rf"\b{name}\b", tour)] == []


def test_readme_is_one_page():
    assert (ROOT / "README.md").stat().st_size <= 8192


@pytest.mark.parametrize("page", READMES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_a_readme_lead_to_files(page):
    text = page.read_text()
    links = re.findall(r"\]\(([^)#\s]+)", text) + re.findall(r"src(?:set)?=\"([^\"]+)", text)
    local = [link for link in links if not re.match(r"https?:|mailto:", link)]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("command", list(commands()))
def test_every_command_is_shown(command):
    shown = [page for page in PAGES + READMES if re.search(rf"python -m {command}\b", page.read_text())]
    assert shown, f"no page shows python -m {command}"


@pytest.mark.parametrize("module", [estimators, pipelines], ids=lambda module: module.__name__)
def test_every_public_name_is_at_work_on_a_page(module):
    code = "\n".join(
        line for path in SCRIPTS for is_text, lines in cells(path) if not is_text for line in lines
    )
    assert [name for name in module.__all__ if not re.search(rf"\b{name}\b", code)] == []
