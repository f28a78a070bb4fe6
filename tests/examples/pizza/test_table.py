"""The command that forecasts from a file with columns of any name."""

import json

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
    ([*ASK, *ROW, "--row", "promo=perhaps"], "promo must be true or false, got 'perhaps'"),
    ([*ASK, *ROW, "--row", "day=soon"], "must be a date such as 2025-06-13"),
    (["--target", "sold", "--number", "weather", "--row", "weather=3"], "must be a number, or missing"),
    (["--target", "sold", "--number", "sold"], "argument --target: sold cannot be forecast from itself"),
    (["--target", "sold"], "forecaster needs at least one column"),
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
