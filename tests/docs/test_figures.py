"""Figures in the pages are those that were measured, and none is typed by hand."""

import re
from pathlib import Path

import pytest

from benchmarks import figures

ROOT = Path(__file__).parents[2]
GUIDE = [
    "choosing",
    "tour",
    "scaling",
    "benchmarks",
    "index",
    "coming_from_scikit_learn",
    "coming_from_elixir",
]
PROSE = [ROOT / "README.md", *(ROOT / "docs" / f"{name}.md" for name in GUIDE)]
LEFT_OUT = re.compile(
    r"<!--=.+?<!--/-->|<!--.*?-->|^```.*?^```|`[^`\n]+`|\]\([^)]*\)", re.DOTALL | re.MULTILINE
)
NUMBER = r"(?:\d[\d,.]*|half|twice|two|three|four|five|six|seven|eight|nine|ten|twenty|fifty|(?:a )?hundred)"
FIGURE = re.compile(
    rf"""\b{NUMBER}\s?(?:
        x\b(?!\s?\d) | times\s(?:as|the|faster|slower|longer|less|more) | %
        | \s?(?:ms|us|µs|ns|MB|GB|TB|KB|KiB|MiB|GiB)\b | \s?(?:milli|micro)?seconds?\b | \s?minutes?\b
        | \sCPU\ss | \sof\sthe\s(?:time|memory)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
CONSTANTS = {  # what was not measured: parameters, sizes of the task, what follows by arithmetic
    "benchmarks.md": ["20 ms", "95%"],
    "scaling.md": ["2 GB", "256 MB", "10 GB", "400 MB"],
}


def typed_by_hand(text):
    """Return what looks like a measured figure outside code and the places that the command fills."""
    return [found[0] for found in FIGURE.finditer(LEFT_OUT.sub(" ", text))]


@pytest.mark.parametrize("page", figures.pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_shows_what_was_measured(page):
    text = page.read_text(encoding="utf-8")
    assert figures.filled(text) == text, "python -m benchmarks.figures"
    assert text.count("<!--=") == text.count("<!--/-->") == len(figures.PLACE.findall(text))


@pytest.mark.parametrize("page", [page for page in PROSE if page.exists()], ids=lambda page: page.name)
def test_no_figure_is_typed_by_hand(page):
    allowed = CONSTANTS.get(page.name, [])
    assert [
        figure for figure in typed_by_hand(page.read_text(encoding="utf-8")) if figure not in allowed
    ] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("it is 13x as fast", ["13x"]),
        ("5.8 times as fast", ["5.8 times as"]),
        ("twenty times\nthe speed", ["twenty times\nthe"]),
        ("in 96.6 % of the cases, and 4%", ["96.6 %", "4%"]),
        ("takes 0.1 ms, or 5 seconds, in 1.5 GB", ["0.1 ms", "5 seconds", "1.5 GB"]),
        ("half of the time", ["half of the time"]),
        ("<!--=nb_fit ratio .0f-->218<!--/--> times as fast", []),
        ("images of 8 x 8 pixels, `alpha=13x`, [a](13x.md)", []),
        ("```python\n>>> 13x\n```\n", []),
        ("the 10 best of 100,000 classes, in 3 ways", []),
    ],
)
def test_what_is_taken_for_a_measured_figure(text, found):
    assert typed_by_hand(text) == found


@pytest.fixture
def report(monkeypatch):
    """Let the figures be those of a report made up here."""
    rows = [
        {"claim": "fit, a", "ratio": 2.0, "mb": 1500.0, "aim": "3x"},
        {"claim": "fit, b", "ratio": 8.0, "mb": 3.0, "aim": "2x"},
        {"claim": "ask", "ratio": 1234.5, "mb": 0.5, "aim": ""},
    ]
    names = {
        "fit_a": {"file": "made-up", "claim": "fit, a"},
        "fits": {"file": "made-up", "claim": "fit*"},
        "ask": {"file": "made-up", "claim": "ask"},
        "none": {"file": "made-up", "claim": "nothing"},
    }
    monkeypatch.setattr(figures, "NAMES", names)
    monkeypatch.setattr(
        figures, "all_rows", lambda file, inside: [{**r, "missed": figures.missed(r)} for r in rows]
    )


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("fit_a ratio .1f", "2.0"),
        ("fit_a mb/1000 .1f", "1.5"),
        ("fit_a 1/ratio .0%", "50%"),
        ("fit_a mb/ask.mb ,.0f", "3,000"),
        ("fits max(ratio) .0f", "8"),
        ("fits geomean(ratio) .0f", "4"),
        ("fits count(missed) d", "1"),
        ("ask ratio 2s", "1,200"),
        ("ask mb 2s", "0.50"),
    ],
)
def test_a_figure_is_looked_up_and_rounded_as_its_place_says(report, asked, written):
    assert figures.filled(f"text <!--={asked}-->old<!--/-->.") == f"text <!--={asked}-->{written}<!--/-->."


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            "fit_c ratio .1f",
            r"'fit_c' must be defined in figures.toml. The defined names are: fit_a, fits, ask, none.",
        ),
        ("fit_a ratio", r"A figure is a name, a field and a format"),
        ("fits ratio .1f", r"'fits' stands for 2 rows. Use min\(ratio\) or max\(ratio\)"),
        ("none ratio .1f", r"'none' must match a row of the JSON file. No row matches {'claim': 'nothing'}"),
        ("fit_a (ratio .1f", r"Cannot read '\(ratio' of 'fit_a'"),
    ],
)
def test_a_figure_that_cannot_be_looked_up_is_an_error(report, asked, message):
    with pytest.raises(ValueError, match=message):
        figures.answer(asked)


@pytest.mark.parametrize("before", ["", "text\n", "- ", "> "])
def test_a_figure_may_not_begin_a_line(report, before):
    with pytest.raises(ValueError, match="must not be at the beginning of a line"):
        figures.filled(f"{before}<!--=fit_a ratio .1f-->2<!--/--> times")


@pytest.mark.parametrize(
    ("aim", "ratio", "ms", "is_missed"),
    [
        ("10x", 9.9, 1, True),
        ("10x", 10.1, 1, False),
        ("1,000x", 900, 1, True),
        ("10x, 0.1 ms", 11, 0.2, True),
        ("1 s and 2 GB", None, 258, False),
        ("0.67x (1.5 copies)", 0.6, 1, True),
        ("", 0.1, 1, False),
    ],
)
def test_which_aims_are_missed(aim, ratio, ms, is_missed):
    assert figures.missed({"aim": aim, "ratio": ratio, "ours_ms": ms}) == is_missed


def test_every_benchmark_is_in_one_table():
    shown = [
        row["claim"] + row["peer"] + row["note"]
        for names in figures.topics().values()
        for name in names
        for row in figures.rows_of(name)
    ]
    rows = figures.all_rows("benchmarks", "rows")
    assert sorted(shown) == sorted(row["claim"] + row["peer"] + row["note"] for row in rows)
