"""The command that forecasts from a file with columns of any name."""

import json
import warnings

import pandas as pd
import polars as pl
import pytest

from examples.pizza import __main__ as command_line
from tests.pipelines.sales import sales

ASK = ["--target", "sold", "--number", "rain", "--category", "weather", "--flag", "promo", "--date", "day"]
ROW = ["--row", "rain=3", "--row", "weather=sun", "--row", "promo=false"]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("sales") / "sales.csv"
    table = sales(noise=2.0)
    table.assign(sold=table["sold"].round().astype(int), day=table["day"].dt.date)[::-1].to_csv(
        path, index=False
    )
    return str(path)  # the newest day first


def run(capsys, *arguments):
    assert command_line.main(["table", *arguments]) == 0
    return capsys.readouterr().out


def test_tomorrow_with_a_range_and_what_each_column_adds(capsys, path):
    told = json.loads(run(capsys, "--data", path, *ASK, *ROW, "--service-level", "0.9", "--json"))
    assert told["row"]["day"] == "2025-02-04"  # a Tuesday, the day after the last one
    assert told["forecast"] == pytest.approx(
        50 - 6 + 8 + 15 * 0.55, abs=3
    )  # the law, with the season of 4 February
    low, high = told["range"]
    assert low < told["forecast"] < high == told["enough"]
    assert isinstance(told["forecast"], int)
    assert sum(told["parts"].values()) == pytest.approx(told["forecast"], abs=1e-4)
    printed = run(capsys, "--data", path, *ASK, *ROW)
    assert (
        f"sold {told['forecast']} for rain 3.0, weather sun, promo False, day 2025-02-04: from {low}"
        in printed
    )
    assert "  season\n" in printed


def test_a_parquet_file_and_a_day_of_ones_own(capsys, tmp_path):
    table = pl.from_pandas(sales())
    table.write_parquet(tmp_path / "sales.parquet")
    asked = ["--data", str(tmp_path / "sales.parquet"), "--target", "sold", "--date", "day"]
    told = json.loads(run(capsys, *asked, "--row", "day=2025-02-08", "--json"))
    assert told["row"] == {"day": "2025-02-08"}
    assert isinstance(told["forecast"], float)
    table.with_columns(pl.col("day").dt.strftime("%Y-%m-%d")).write_parquet(tmp_path / "sales.parquet")
    told = json.loads(run(capsys, *asked, "--json"))
    assert told["row"] == {"day": "2025-02-04"}  # the day after the last one, though dates are text


WRONG = [
    (["--target", "solt"], "argument --target: unknown column 'solt'. Did you mean 'sold'?"),
    (
        ["--target", "sold", "--number", "rian"],
        "argument --number: unknown column 'rian'. Did you mean 'rain'?",
    ),
    (
        ["--target", "sold", "--category", "wether"],
        "--category: unknown column 'wether'. Did you mean 'weather'?",
    ),
    (["--target", "sold", "--date", "dya"], "argument --date: unknown column 'dya'. Did you mean 'day'?"),
    ([*ASK, "--row", "rane=3"], "argument --row: unknown column 'rane'. Did you mean 'rain'?"),
    ([*ASK, "--row", "rain"], "must be COLUMN=VALUE, such as rain=3, got 'rain'"),
    (ASK, "missing: --row rain=..., --row weather=..., --row promo=..."),
    ([*ASK, *ROW, "--row", "rain=much"], "rain must be a number, or empty if it is not known; got 'much'"),
    (
        [*ASK, *ROW, "--row", "promo=perhaps"],
        "promo must be true, false, yes, no, or empty if it is not known; got 'perhaps'",
    ),
    ([*ASK, *ROW, "--row", "day=soon"], "argument --row: day must be a date such as 2025-06-13; got 'soon'"),
    (
        ["--target", "sold", "--number", "weather", "--row", "weather=3"],
        "argument --number: column 'weather' must contain numbers, but row 0 contains '",
    ),
    (
        ["--target", "weather", "--date", "day"],
        "argument --target: column 'weather' must contain numbers, but row 0 contains '",
    ),
    (
        ["--target", "promo", "--date", "day"],
        "argument --target: column 'promo' must contain numbers, but its type is Boolean",
    ),
    (["--target", "sold", "--date", "rain"], "--date: column 'rain' must contain dates, but row 0 contains"),
    ([*ASK, *ROW, "--date-format", "%d/%m/%Y"], "in row 0 is not a date of the form '%d/%m/%Y'"),
    ([*ASK, *ROW, "--holidays", "Italia"], "Did you mean 'IT' (Italy)?"),
    (["--target", "sold", "--number", "sold"], "argument --target: sold cannot be forecast from itself"),
    (["--target", "sold"], "at least one of --date, --number, --category and --flag is required"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG, ids=[message[:40] for _, message in WRONG])
def test_wrong_arguments_are_named(capsys, path, arguments, message):
    with pytest.raises(SystemExit):
        command_line.main(["table", "--data", path, *arguments])
    assert message in " ".join(capsys.readouterr().err.split())


def test_a_file_that_cannot_be_read(capsys, tmp_path):
    (tmp_path / "empty.csv").write_text("day,sold\n")
    for name in ("none.csv", "empty.csv"):
        assert (
            command_line.main(["table", "--data", str(tmp_path / name), "--target", "sold", "--date", "day"])
            == 1
        )
    assert "cannot be read" in capsys.readouterr().err


def test_a_target_without_any_value_is_named(capsys, tmp_path):
    (tmp_path / "sales.csv").write_text("day,sold\n2025-06-13,\n")
    with pytest.raises(SystemExit):
        command_line.main(
            ["table", "--data", str(tmp_path / "sales.csv"), "--target", "sold", "--date", "day"]
        )
    assert "column 'sold' has no value in any row" in " ".join(capsys.readouterr().err.split())


def untidy(tmp_path, text):
    (tmp_path / "untidy.csv").write_text(text)
    return ["--data", str(tmp_path / "untidy.csv"), "--target", "sold", "--date", "day"]


def days(n, form="%Y-%m-%d", start="2025-01-01", step="1D"):
    return pl.from_pandas(pd.date_range(start, periods=n, freq=step).to_frame(name="day")).select(
        pl.col("day").dt.strftime(form)
    )["day"]


def test_semicolons_decimal_commas_and_european_dates(capsys, tmp_path):
    lines = [f"{day};{i % 7},5; 1,25" for i, day in enumerate(days(60, "%d/%m/%Y"))]
    asked = untidy(tmp_path, "\n".join(["day;sold;rain", *lines]) + "\n;;\n")
    told = json.loads(run(capsys, *asked, "--number", "rain", "--row", "rain=1.25", "--json"))
    assert told["row"] == {"rain": "1.25", "day": "2025-03-02"}
    assert told["forecast"] == pytest.approx(60 % 7 + 0.5, abs=0.1)
    assert told["warnings"][0] == "1 row without a value of sold is left out."


AMERICAN = "\n".join(["day,sold", *(f"{day},{i % 7}" for i, day in enumerate(days(40, "%m/%d/%Y")))])


def test_american_dates_are_read_if_they_are_clear(capsys, tmp_path):
    """The first twelve days of a year were read as the first of each month."""
    assert json.loads(run(capsys, *untidy(tmp_path, AMERICAN), "--json"))["row"] == {"day": "2025-02-10"}
    asked = untidy(tmp_path, "\n".join(AMERICAN.splitlines()[:13]))
    with pytest.raises(SystemExit):
        command_line.main(["table", *asked])
    message = "not clear which day '01/01/2025' is. Give the form with --date-format '%d/%m/%Y' or --date-format '%m/%d/%Y'"
    assert message in " ".join(capsys.readouterr().err.split())
    told = json.loads(run(capsys, *asked, "--date-format", "%m/%d/%Y", "--json"))
    assert told["row"] == {"day": "2025-01-13"}
    told = json.loads(run(capsys, *asked, "--date-format", "%d/%m/%Y", "--row", "day=13/12/2025", "--json"))
    assert told["row"] == {"day": "2025-12-13"}


@pytest.mark.parametrize(
    ("form", "step", "following"),
    [("%Y-%m-%d %H:%M", "1h", "2025-01-03T12:00"), ("%Y-%m-%d", "7D", "2026-02-25")],
    ids=["hours", "weeks"],
)
def test_the_row_follows_the_last_one_at_the_same_distance(capsys, tmp_path, form, step, following):
    """It was the next day, also of hours and weeks."""
    lines = [f"{day},{i % 24}" for i, day in enumerate(days(60, form, step=step))]
    told = json.loads(run(capsys, *untidy(tmp_path, "\n".join(["day,sold", *lines])), "--json"))
    assert told["row"] == {"day": following}
    assert ("hour=12 h" in told["parts"]) == (step == "1h")  # the time of day is a feature of hours


def test_months_need_the_date_of_the_row(capsys, tmp_path):
    asked = untidy(
        tmp_path, "\n".join(["day,sold", *(f"{day},{i}" for i, day in enumerate(days(30, step="MS")))])
    )
    with pytest.raises(SystemExit):
        command_line.main(["table", *asked])
    message = "the row needs a date, because the dates are months or years apart: --row day=..."
    assert message in " ".join(capsys.readouterr().err.split())
    parts = json.loads(run(capsys, *asked, "--row", "day=2027-07-01", "--json"))["parts"]
    assert "season" in parts
    assert not any("weekday" in name for name in parts)  # the weekday of the first of a month is an accident


def test_what_is_not_known_is_empty(capsys, tmp_path):
    """An empty category was one that never occurred."""
    lines = [
        f"{day},{i % 7},{w},{p}"
        for i, (day, w, p) in enumerate(
            zip(days(40), ["sun", ""] * 20, ["yes", "no", "", "no"] * 10, strict=True)
        )
    ]
    asked = untidy(tmp_path, "\n".join(["day,sold,weather,promo", *lines]))
    told = json.loads(
        run(
            capsys,
            *asked,
            "--category",
            "weather",
            "--flag",
            "promo",
            "--row",
            "weather=",
            "--row",
            "promo=",
            "--json",
        )
    )
    assert told["warnings"] == []
    assert told["row"] == {"weather": "unknown", "promo": "unknown", "day": "2025-02-10"}


def test_dates_that_repeat_are_warned_of(capsys, tmp_path):
    """A row for each receipt has a forecast for a receipt, not for the day."""
    lines = [f"{day},{i % 7},{flag}" for i, day in enumerate(days(40)) for flag in ("yes", "No")]
    asked = untidy(tmp_path, "\n".join(["day,sold,promo", *lines]))
    told = json.loads(run(capsys, *asked, "--flag", "promo", "--row", "promo=no", "--json"))
    assert told["warnings"][0].startswith("40 rows have the date of another row. The forecast is for one row")


def test_a_date_that_is_missing_and_a_number_with_thousands_are_named(capsys, tmp_path):
    for text, message in [
        ("day,sold\n2025-01-01,3\n,4\n", "argument --date: row 1 of column 'day' has no date"),
        ('day,sold\n2025-01-01,"1,200"\n', "column 'sold' must contain numbers, but row 0 contains '1,200'"),
        ("day,sold\n2025-01-01,3\n2025-13-01,4\n", "'2025-13-01' in row 1 is not a date such as 2025-06-13"),
    ]:
        with pytest.raises(SystemExit):
            command_line.main(["table", *untidy(tmp_path, text)])
        assert message in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_files_of_spreadsheets_have_other_encodings_and_names_with_spaces(capsys, tmp_path, encoding):
    lines = [f"{day};{i % 7};{'sì' if i % 2 else 'no'}" for i, day in enumerate(days(40))]
    asked = untidy(tmp_path, "")
    (tmp_path / "untidy.csv").write_bytes("\n".join(["day; sold ;qualità", *lines]).encode(encoding))
    with warnings.catch_warnings(action="error"):
        told = json.loads(run(capsys, *asked, "--category", "qualità", "--row", "qualità=sì", "--json"))
    assert told["row"] == {"qualità": "sì", "day": "2025-02-10"}
    assert told["warnings"] == []


@pytest.mark.parametrize("least", [0.5, -0.5])
def test_forecasts_are_negative_only_if_targets_are(capsys, tmp_path, least):
    """Sales with decimals were forecast below zero."""
    lines = [f"{day},{least + i % 8},{i % 8}" for i, day in enumerate(days(48))]
    asked = untidy(tmp_path, "\n".join(["day,sold,sun", *lines]))
    told = json.loads(run(capsys, *asked, "--number", "sun", "--row", "sun=-5", "--json"))
    assert told["forecast"] == pytest.approx(0.0 if least > 0 else -5.5, abs=0.05)
    assert (told["range"][0] < 0) == (least < 0)
