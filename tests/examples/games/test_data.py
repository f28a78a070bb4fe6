"""The games catalogue, its loader and its data card."""

import re
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from examples.games.data import (
    BUDGETS,
    COLUMNS,
    DEFAULT_PATH,
    GamesFileError,
    budget_of,
    known_types,
    load_games,
)

HEADER = "title,year,console,developer,gameplay_types,cost,top_rated"
TETRIS = "Tetris,1989,Game Boy,Nintendo,Puzzle,1.50,true"


def write(folder: Path, *lines: str) -> Path:
    path = folder / "games.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    return path


def line_of(**cells: str) -> str:
    """Return a good line with some cells exchanged."""
    return ",".join((dict(zip(COLUMNS, TETRIS.split(","), strict=True)) | cells).values())


# What the catalogue holds


def test_the_catalogue_is_large_and_spread():
    games = load_games()
    assert games.filter("top_rated").height >= 300
    assert 10 <= games.filter(~pl.col("top_rated")).height <= 30
    assert games["title"].to_list() == sorted(set(games["title"]))
    assert games["year"].min() < 1980
    assert games["year"].max() >= 2020
    assert games["console"].n_unique() >= 20
    shares = games["budget"].value_counts(normalize=True)["proportion"]
    assert len(shares) == 3
    assert shares.is_between(0.25, 0.42).all()


def test_the_catalogue_has_18_types_sorted_in_each_cell_and_four_at_most():
    games = load_games()
    types = games["gameplay_types"]
    assert len(known_types(games)) == 18
    assert types.list.len().is_between(1, 4).all()
    assert types.to_list() == [sorted(names) for names in types]


def test_every_budget_and_type_can_fill_five_places():
    top = load_games().filter("top_rated").explode("gameplay_types")
    counts = top.group_by("budget", "gameplay_types").len()
    assert counts.height == 3 * 18
    assert counts["len"].min() >= 5


def test_the_schema():
    assert load_games().schema == pl.Schema(
        {
            "title": pl.String,
            "year": pl.Int64,
            "console": pl.String,
            "developer": pl.String,
            "gameplay_types": pl.List(pl.String),
            "cost": pl.Float64,
            "top_rated": pl.Boolean,
            "budget": pl.Enum(BUDGETS),
        }
    )


def test_letters_beyond_ascii_survive():
    titles = set(load_games()["title"])
    assert {"Pokémon Snap", "1080° Snowboarding", "God of War Ragnarök"} <= titles


def test_the_committed_file_is_plain():
    data = DEFAULT_PATH.read_bytes()
    assert b"\r" not in data
    assert data.decode("utf-8").splitlines()[0] == HEADER


# Budgets


@pytest.mark.parametrize(
    ("cost", "budget"),
    [
        (0, "cheap"),
        (4.99, "cheap"),
        (5, "standard"),
        (19.99, "standard"),
        (20, "premium"),
        (1e9, "premium"),
    ],
)
def test_budget_limits(cost, budget, tmp_path):
    assert budget_of(cost) == budget
    if cost < 1e6:
        assert load_games(write(tmp_path, HEADER, line_of(cost=str(cost))))["budget"][0] == budget


@pytest.mark.parametrize("cost", [-0.01, float("nan"), float("inf")])
def test_budget_of_refuses_what_is_no_cost(cost):
    with pytest.raises(ValueError, match=rf"range \[0, inf\)\. Got {cost}"):
        budget_of(cost)


# What the loader accepts


def test_columns_in_any_order_blank_lines_byte_order_mark_and_windows_line_ends(tmp_path):
    path = tmp_path / "games.csv"
    columns = "cost,title,top_rated,gameplay_types,developer,console,year"
    text = f"\ufeff{columns}\r\n\r\n5,Pokémon Snap,false,Adventure|New Type,HAL,N64,1999\r\n"
    path.write_text(text, encoding="utf-8", newline="")
    (game,) = load_games(str(path)).to_dicts()
    assert game == {
        "title": "Pokémon Snap",
        "year": 1999,
        "console": "N64",
        "developer": "HAL",
        "gameplay_types": ["Adventure", "New Type"],
        "cost": 5.0,
        "top_rated": False,
        "budget": "standard",
    }
    assert known_types(load_games(path)) == ["Adventure", "New Type"]


# What the loader refuses


TYPES_ALLOWED = "one or more gameplay types separated by '|'"
NAME_ALLOWED = "must be a name that is not empty and has no leading or trailing blanks"
YEAR_ALLOWED = "must be a whole number from 1970 to 2100"
COST_ALLOWED = "must be a number from 0 to 999999.99 with at most two decimals"

BAD_CELLS = [
    ("title", "", NAME_ALLOWED),
    ("title", "  ", NAME_ALLOWED),
    ("title", " Pong", NAME_ALLOWED),
    ("console", "", NAME_ALLOWED),
    ("developer", "Atari ", NAME_ALLOWED),
    ("year", "", YEAR_ALLOWED),
    ("year", "1969", YEAR_ALLOWED),
    ("year", "2101", YEAR_ALLOWED),
    ("year", "1989.0", YEAR_ALLOWED),
    ("year", "-1989", YEAR_ALLOWED),
    ("year", "soon", YEAR_ALLOWED),
    ("year", "٢٠٠٠", YEAR_ALLOWED),
    ("year", "9" * 30, YEAR_ALLOWED),
    ("gameplay_types", "", TYPES_ALLOWED),
    ("gameplay_types", "Action||Puzzle", TYPES_ALLOWED),
    ("gameplay_types", "Action| |Puzzle", TYPES_ALLOWED),
    ("gameplay_types", "Action|", TYPES_ALLOWED),
    ("gameplay_types", "Action|Action", "must be a list of gameplay types without duplicates"),
    ("cost", "", COST_ALLOWED),
    ("cost", "free", COST_ALLOWED),
    ("cost", "-1", COST_ALLOWED),
    ("cost", "nan", COST_ALLOWED),
    ("cost", "inf", COST_ALLOWED),
    ("cost", "1e3", COST_ALLOWED),
    ("cost", "4.999", COST_ALLOWED),
    ("cost", "9" * 400, COST_ALLOWED),
    ("top_rated", "True", "must be true or false"),
    ("top_rated", "", "must be true or false"),
]


@pytest.mark.parametrize(("column", "value", "allowed"), BAD_CELLS)
def test_a_bad_cell_is_named(tmp_path, column, value, allowed):
    pong = line_of(**({"title": "Pong"} | {column: value}))
    path = write(tmp_path, HEADER, TETRIS, pong)
    with pytest.raises(GamesFileError) as caught:
        load_games(path)
    message = str(caught.value)
    assert message.startswith(f"{path}, line 3, column '{column}': ")
    assert allowed in message
    assert message.endswith(f" Got {value!r} instead.")


FILES = [
    ("", ["line 1, column 'title': must be in the header exactly once", "Got an empty file"]),
    ("\n\n", ["line 1, column 'title'", "Got an empty file"]),
    (f"{HEADER}\n", ["line 1: must be followed by one line per game. Got no games"]),
    (
        "title,year,console,developer,types,cost,top_rated\n",
        ["line 1, column 'gameplay_types': must be in the header exactly once; the columns are", "'types'"],
    ),
    (f"{HEADER},title\n", ["line 1, column 'title': must be in the header exactly once", "'title']"]),
    (f"{HEADER},mood\n", ["line 1, column 'mood': must be one of title, year,", "Got 'mood'"]),
    (
        f"{HEADER}\n{TETRIS}\nPong,1972\n",
        ["line 3: must be 7 fields separated by commas (title,", "Got 2 fields, ['Pong', '1972']"],
    ),
    (f"{HEADER}\n{TETRIS},more\n", ["line 2: must be 7 fields", "Got 8 fields"]),
    (
        f'{HEADER}\n{TETRIS}\n"Pong,1972\nand so on\n',
        ["line 3: must be a CSV record in which every quote is closed", "unexpected end of data"],
    ),
    (
        f"{HEADER}\n{TETRIS}\n{TETRIS}\n",
        ["line 3, column 'title': must be a title that appears only once. Got 'Tetris'"],
    ),
    (
        f'{HEADER}\n\n"Two\nlines",1989,Game Boy,Nintendo,Puzzle,1,true\n{line_of(cost="x")}\n',
        ["line 5, column 'cost'", "Got 'x'"],
    ),
    (
        f'{HEADER}\n{TETRIS}\n"Two\nlines",1989,Game Boy,Nintendo,Puzzle,x,true\n',
        ["line 3, column 'cost'", "Got 'x'"],
    ),
]


@pytest.mark.parametrize(("text", "parts"), FILES)
def test_a_bad_file_is_described(tmp_path, text, parts):
    path = tmp_path / "games.csv"
    path.write_text(text, encoding="utf-8", newline="")
    with pytest.raises(GamesFileError) as caught:
        load_games(path)
    assert str(caught.value).startswith(f"{path}, line ")
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("types", "got", "nearest"),
    [
        ("action", "action", "Action"),
        ("Puzzle|RPg", "RPg", "RPG"),
        ("Action | Puzzle", "Action ", "Action"),
        ("Action|action", "action", "Action"),
        ("Unheard of ", "Unheard of ", "Unheard of"),
    ],
)
def test_a_type_misspelled_by_case_or_blanks_names_the_nearest(tmp_path, types, got, nearest):
    bad = line_of(title="Bad", gameplay_types=types)  # comes first: the majority decides
    good = (line_of(title=title, gameplay_types="Action|RPG") for title in ("One", "Two"))
    path = write(tmp_path, HEADER, bad, *good)
    with pytest.raises(GamesFileError) as caught:
        load_games(path)
    assert f"{path}, line 2, column 'gameplay_types': must be '{nearest}'," in str(caught.value)
    assert f"Got {got!r} instead." in str(caught.value)


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(
        GamesFileError, match=r"games\.csv: cannot be read \(No such file.*Expected a CSV file"
    ):
        load_games(tmp_path / "games.csv")
    with pytest.raises(GamesFileError, match="Expected a CSV file"):
        load_games(tmp_path)


def test_bytes_that_are_not_utf8(tmp_path):
    path = tmp_path / "games.csv"
    snap = line_of(title="Pokémon Snap")
    path.write_bytes("\n".join([HEADER, TETRIS, snap]).encode("latin-1"))
    message = r"games\.csv, line 3: must be text in UTF-8\. Got the byte 0xe9 instead\."
    with pytest.raises(GamesFileError, match=message):
        load_games(path)


def test_one_class_of_error():
    assert issubclass(GamesFileError, ValueError)


# The data card


def card_table(heading: str) -> dict[str, list[str]]:
    """Return the table below a heading of the card: first cell -> the other cells."""
    card = (DEFAULT_PATH.parent / "README.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", card.split(f"## {heading}\n")[1], flags=re.M)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    rows = [re.split(r"\s*(?<!\\)\|\s*", line)[1:-1] for line in lines]
    assert len({row[0] for row in rows}) == len(rows)
    return {row[0]: row[1:] for row in rows}


def test_the_card_names_the_columns_and_the_totals():
    games = load_games()
    assert tuple(card_table("Columns")) == COLUMNS
    card = " ".join((DEFAULT_PATH.parent / "README.md").read_text(encoding="utf-8").split())
    years = f"from {games['year'].min()} to {games['year'].max()}"
    assert f"{len(games)} real games {years}, {games['top_rated'].sum()} of them" in card


def test_the_card_counts_budgets():
    games = load_games()
    every = Counter(games["budget"])
    top = Counter(games.filter("top_rated")["budget"])
    table = card_table("Games per budget")
    assert {budget: row[2:] for budget, row in table.items()} == {
        budget: [str(every[budget]), str(top[budget])] for budget in BUDGETS
    }


def test_the_card_defines_and_counts_types():
    games = load_games()
    top = games.filter("top_rated").explode("gameplay_types")
    counts = Counter(top.select("gameplay_types", "budget").iter_rows())
    expected = {}
    for name in known_types(games):
        row = [counts[name, budget] for budget in BUDGETS]
        expected[name] = [str(count) for count in (*row, sum(row))]
    assert card_table("Top rated games per type and budget") == expected
    definitions = card_table("Gameplay types")
    assert list(definitions) == list(expected)
    assert all(definition for (definition,) in definitions.values())


def test_the_card_counts_decades_and_consoles():
    games = load_games()
    decades = Counter(f"{year // 10 * 10}s" for year in games["year"])
    consoles = Counter(games["console"])
    assert card_table("Games per decade") == {key: [str(n)] for key, n in decades.items()}
    assert card_table("Games per console") == {key: [str(n)] for key, n in consoles.items()}
