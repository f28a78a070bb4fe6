"""Write measured figures into the documentation: ``python -m benchmarks.figures [--check]``.

A figure in a page is enclosed in two comments, which readers do not see:

    fits <!--=nb_fit ratio .0f-->218<!--/--> times as fast

`nb_fit` is the name of a row of a JSON file, defined in `figures.toml`. `ratio` is a field of the row, and
`.0f` is its format, as in Python's format(). `2s` means two significant digits. A field may be divided by a
number or by another field (`peer_mb/1000`, `cpu_seconds/scale_batches.cpu_seconds`). If a name stands for
several rows, `min(ratio)`, `max(ratio)`, `geomean(ratio)` and `count(missed)` combine them. A word of
`WRITTEN` instead of a name gives a whole table or sentence: `<!--=benchmarks encoders-->`.

A comment at the beginning of a line would turn the line into a block of HTML, so no figure may be there.
"""

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cache
from math import floor, log10
from pathlib import Path
from statistics import geometric_mean
from typing import Any

ROOT = Path(__file__).parents[1]
NAMES = tomllib.loads(Path(__file__).with_name("figures.toml").read_text(encoding="utf-8"))
PLACE = re.compile(r"<!--=(.+?)-->(.*?)<!--/-->", re.DOTALL)
TERM = re.compile(r"(?:(min|max|count|geomean)\()?(?:(\w+)\.)?(\w+)\)?")
TOGETHER: dict[str, Callable] = {
    "min": min,
    "max": max,
    "geomean": geometric_mean,
    "count": lambda values: sum(map(bool, values)),
}
Row = dict[str, Any]


def main() -> int:
    """Update every page. With ``--check``, only print the pages that are out of date."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.figures", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="do not write any files; exit with 1 if a page is out of date"
    )
    check, stale = parser.parse_args().check, []
    for page in pages():
        text = page.read_text(encoding="utf-8")
        if (new := filled(text)) != text:
            stale.append(page)
            print(page.relative_to(ROOT))
            if not check:
                page.write_text(new, encoding="utf-8")
    return int(check and bool(stale))


def pages() -> list[Path]:
    """Return the pages that can contain figures."""
    patterns = ("README.md", "docs/*.md", "examples/*/README.md")
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


def filled(text: str) -> str:
    """Return a page with all its figures up to date."""
    return PLACE.sub(lambda found: f"<!--={found[1]}-->{answer(found[1], found)}<!--/-->", text)


def answer(asked: str, found: re.Match[str] | None = None) -> str:
    """Return the text for `asked`. Raise ValueError if it is invalid or at the beginning of a line."""
    name, *rest = asked.split()
    text = WRITTEN[name](*rest) if name in WRITTEN else ""
    if text.startswith("|"):
        return f"\n\n{text}\n\n"
    if found and re.search(r"(^|\n)[\s>*-]*$", found.string[: found.start()]):
        raise ValueError(
            f"A figure must not be at the beginning of a line, which would become HTML. Put a word before "
            f"{asked!r}."
        )
    if text:
        return text
    if len(rest) != 2:
        raise ValueError(
            f"A figure is a name, a field and a format, such as 'nb_fit ratio .0f'. Got {asked!r}."
        )
    return rounded(value(name, rest[0]), rest[1])


def value(name: str, what: str) -> float:
    """Return a field of the row or rows called `name`, or the quotient of two fields."""
    numbers = [term(name, part) for part in what.split("/")]
    return numbers[0] if len(numbers) == 1 else numbers[0] / numbers[1]


def term(name: str, what: str) -> float:
    """Return a number, a field, or the combined fields of several rows."""
    if re.fullmatch(r"\d[\d.e]*", what):
        return float(what)
    if not (found := TERM.fullmatch(what)):
        raise ValueError(
            f"Cannot read {what!r} of {name!r}. It must be a number, a field, or a function of a field such "
            f"as min(ratio)."
        )
    together, other, field = found.groups()
    values = [row[field] for row in rows_of(other or name)]
    if together:
        return TOGETHER[together](values)
    if len(values) != 1:
        raise ValueError(
            f"{other or name!r} stands for {len(values)} rows. Use min({field}) or max({field})."
        )
    return values[0]


def rounded(number: float, how: str) -> str:
    """Round in the same way as format(), or to significant digits if `how` ends in s."""
    if not how.endswith("s"):
        return format(number, how)
    digits = int(how[:-1]) - 1 - (floor(log10(abs(number))) if number else 0)
    return f"{round(number, digits):,.{max(0, digits)}f}"


def rows_of(name: str) -> list[Row]:
    """Return the rows with this name in figures.toml. Raise ValueError if there are none."""
    if name not in NAMES:
        raise ValueError(
            f"The name {name!r} must be defined in figures.toml. The defined names are: {', '.join(NAMES)}."
        )
    where = dict(NAMES[name])
    where.pop("words", None)
    rows = all_rows(where.pop("file"), where.pop("list", "rows"))
    found = [
        row for row in rows if all(fnmatchcase(str(row.get(key)), str(want)) for key, want in where.items())
    ]
    if not found:
        raise ValueError(f"The name {name!r} must match a row of the JSON file. No row matches {where}.")
    return found


@cache
def report_of(file: str) -> dict[str, Any]:
    """Return the content of docs/FILE.json."""
    return json.loads((ROOT / "docs" / f"{file}.json").read_text(encoding="utf-8"))


@cache
def all_rows(file: str, inside: str) -> list[Row]:
    """Return a list in a report as rows. "." is the report itself, and the keys of a dict become `name`."""
    found = [report_of(file)] if inside == "." else report_of(file)[inside]
    rows = [{"name": name, **row} for name, row in found.items()] if isinstance(found, dict) else found
    return [{**row, "aimed": bool(row.get("aim")), "missed": missed(row)} for row in rows]


def missed(row: Row) -> bool:
    """Return whether a benchmark is slower than its target, such as "10x, 0.1 ms"."""
    aim = row.get("aim", "") if "ratio" in row else ""
    times = re.match(r"([\d,.]+)x", aim)
    most = re.search(r"([\d.]+) (ms|s)\b", aim)
    slow = times and row["ratio"] < float(times[1].replace(",", ""))
    return bool(slow or (most and row["ours_ms"] > float(most[1]) * (1000 if most[2] == "s" else 1)))


HEADINGS = ("task", "speedup", "target", "compared with", "ours, ms", "theirs, ms", "ours, MB", "theirs, MB")
LEFT = {"task", "compared with", "target", "address", "method"}  # columns of text, which are left-aligned


def table(headings: tuple[str, ...], rows: list[list[str]]) -> str:
    """Return a Markdown table with right-aligned numbers."""
    rule = "".join("|---" if heading in LEFT else "|--:" for heading in headings)
    return "\n".join([f"| {' | '.join(headings)} |", f"{rule}|", *(f"| {' | '.join(row)} |" for row in rows)])


def benchmarks(topic: str) -> str:
    """Return the table of one topic of docs/benchmarks.md."""
    return table(HEADINGS, [cells(row) for name in topics()[topic] for row in rows_of(name)])


def cells(row: Row) -> list[str]:
    """Return the cells of a benchmark. "float32" is omitted for networks, because their section states it."""
    note = "" if row["note"].startswith("float32") else row["note"]
    what = f"{row['claim']} ({note})" if note else row["claim"]
    aim = f"{row['aim']}, **missed**" if row["missed"] else row["aim"]
    keys = ("ratio", "ours_ms", "peer_ms", "ours_mb", "peer_mb")
    ratio, *rest = ("" if row[key] is None else rounded(row[key], "3s") for key in keys)
    return [what, ratio, aim, row["peer"], *rest]


def topics() -> dict[str, list[str]]:
    """Return the names of each topic, `networks` and so on, in the order of figures.toml."""
    found: dict[str, list[str]] = {}
    for name in NAMES:
        if name.startswith("topic_"):
            found.setdefault(name.removeprefix("topic_").rsplit("__", 1)[0], []).append(name)
    return found


def speed() -> str:
    """Return the table of the README: the figures with a description in figures.toml."""
    headings = ("task", "speedup", "compared with", "ours, ms", "theirs, ms")
    shown = []
    for words, row in (
        (where["words"], rows_of(name)[0]) for name, where in NAMES.items() if "words" in where
    ):
        ratio, ours, theirs = (rounded(row[key], "2s") for key in ("ratio", "ours_ms", "peer_ms"))
        shown.append([words, ratio, row["peer"], ours, theirs])
    return table(headings, shown)


def misses() -> str:
    """Return, as part of a sentence, how many targets were missed, and in which topics."""
    rows = all_rows("benchmarks", "rows")
    counts = {
        topic: sum(row["missed"] for name in names for row in rows_of(name))
        for topic, names in topics().items()
    }
    named = {"least_squares_by_shape": "least squares on data of many shapes"}
    where = ", ".join(f"{n} in {named.get(t, t.replace('_', ' '))}" for t, n in counts.items() if n)
    n_missed, n_targets = (sum(row[key] for row in rows) for key in ("missed", "aimed"))
    return f"{n_missed} of {n_targets} targets were missed ({where})"


def machine(file: str) -> str:
    """Return the machine and the versions with which a report was measured."""
    found = report_of(file)["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    blas = f"; BLAS: {', '.join(found['blas'])}" if "blas" in found else ""
    return f"{found['processor']}, Python {found['python']}, {versions}{blas}."


def web() -> str:
    """Return the table of the load tests of the web sites."""
    headings = ("address", "target", "connections", "requests per second", "p50, ms", "p99, ms", "CPU, ms")
    keys = ("per_second", "p50_ms", "p99_ms", "core_ms")
    rows = all_rows("web-load", "rows")
    shown = [
        [row["claim"], row["aim"], str(row["connections"]), *(rounded(row[key], "3s") for key in keys)]
        for row in rows
    ]
    return table(headings, shown)


def scale() -> str:
    """Return the table of fits to data larger than memory, or on several workers."""
    from benchmarks.scale import HEADINGS, cells

    return table(HEADINGS, [cells(row) for row in all_rows("scale", "rows")])


def recommending(task: str) -> str:
    """Return the table of models that recommend films."""
    from benchmarks.recommending import HEADINGS, cells

    rows = [
        row
        for row in all_rows("recommending", "rows")
        if row["task"].replace(", ", "_").replace(" ", "_") == task
    ]
    return table(HEADINGS, [cells(row) for row in rows])


def forecasting() -> str:
    """Return the table of forecasters."""
    from benchmarks.forecasting import HEADINGS, cells

    return table(HEADINGS, [cells(row) for row in all_rows("forecasting", "rows")])


def tavern(file: str) -> str:
    """Return the table of the tavern's recommenders."""
    from examples.games.evaluate import as_markdown

    return as_markdown(report_of(file))


WRITTEN: dict[str, Callable[..., str]] = {
    "benchmarks": benchmarks,
    "speed": speed,
    "misses": misses,
    "machine": machine,
    "web": web,
    "scale": scale,
    "recommending": recommending,
    "forecasting": forecasting,
    "tavern_table": tavern,
}

if __name__ == "__main__":
    sys.exit(main())
