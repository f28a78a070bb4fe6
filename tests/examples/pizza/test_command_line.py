"""The pizzeria's command line: forecast, and wrong arguments."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from examples.pizza import __main__ as command_line
from examples.pizza import commands
from examples.pizza.model import equation
from examples.pizza.years import simulate_year
from pipelines import dough_forecaster

ROOT = Path(__file__).parents[3]
SATURDAY = ["--date", "2025-12-06", "-r", "30", "--temperature", "8", "--tourists", "60"]
EVENING = ["--degree", "2", *SATURDAY]

# forecast


def test_fifteen_reservations_are_53_doughs(run):
    printed = run("forecast", "--reservations", "15")
    assert printed.splitlines() == [
        "53 doughs for 15 reservations",
        "doughs = 2.3761 x + 17.1770, where x is the number of reservations",  # the published line
        "each reservation adds 2.4 doughs",
    ]


def test_a_forecast_as_json_is_a_whole_number(run):
    answer = json.loads(run("forecast", "-r", "15", "--json"))
    assert answer == {
        "doughs": 53,
        "evening": {"reservations": 15},
        "service_level": None,
        "degree": 1,
        "equation": "2.3761 x + 17.1770",
        "weights": ["each reservation adds 2.4 doughs"],
        "warnings": [],
    }
    assert isinstance(answer["doughs"], int)


def test_a_service_level_is_more_dough(run):
    usual = json.loads(run("forecast", "--data", "linear", "--degree", "1", "-r", "40", "--json"))["doughs"]
    levels = ["0.8", "0.9", "0.95"]
    more = [
        json.loads(
            run("forecast", "--data", "linear", "--degree", "1", "-r", "40", "--service-level", s, "--json")
        )["doughs"]
        for s in levels
    ]
    assert usual < more[0] < more[1] < more[2]
    assert ": enough on 90% of evenings" in run(
        "forecast", "--data", "linear", "--degree", "1", "-r", "40", "--service-level", "0.9"
    )


def test_outside_of_the_training_is_said(run, capsys):
    answer = json.loads(run("forecast", "-r", "60", "--json"))
    assert answer["doughs"] == round(2.3761 * 60 + 17.1770)
    assert "column 'reservations' is 60, but in training it ranged from 12 to 30" in answer["warnings"][0]
    assert command_line.main(["forecast", "-r", "60"]) == 0
    assert "in training it ranged from 12 to 30" in capsys.readouterr().err


def test_the_fuller_year_takes_a_date_and_says_what_each_feature_adds(run):
    quiet = json.loads(run("forecast", "--data", "full", *EVENING, "--json"))
    assert quiet["evening"] == {"reservations": 30, "temperature": 8.0, "tourists": 60} | {
        "weekday": "Saturday",
        "month": "December",
        "holiday": False,
        "event": False,
    }
    assert quiet["equation"] is None
    by_law = 10 + 9.5 * np.log2(30) + 31 + 8 + 0.08 * 60 - 0.04 * 12**2
    assert quiet["doughs"] == pytest.approx(by_law, abs=4)
    loud = json.loads(run("forecast", "--data", "full", *EVENING, "--event", "--json"))
    assert loud["doughs"] - quiet["doughs"] == pytest.approx(22, abs=3)  # the law's
    printed = run("forecast", "--data", "full", *EVENING, "--event")
    assert "doughs for 30 reservations, 8 degrees, 60 tourists, Saturday, December, an event" in printed
    assert "above an average weekday" in printed
    assert "a holiday adds " in printed
    same = run(
        "forecast",
        "--data",
        "full",
        *EVENING[:2],
        *EVENING[4:],
        "--weekday",
        "saturday",
        "--month",
        "DECEMBER",
        "--json",
    )
    assert json.loads(same)["doughs"] == quiet["doughs"]


def test_a_file_of_ones_own(run, tmp_path, capsys):
    year = simulate_year("logarithmic", 4)
    year.write_parquet(tmp_path / "year.parquet")
    asked = ["--feature", "reservations", "-r", "32", "--json"]
    of_file = json.loads(run("forecast", "--data", str(tmp_path / "year.parquet"), *asked))
    of_law = json.loads(run("forecast", "--data", "logarithmic", "--seed", "4", "-r", "32", "--json"))
    assert of_file == of_law
    assert of_law["doughs"] == pytest.approx(9.55 * 5 + 15, abs=1.5)
    (tmp_path / "my.csv").write_text("reservations,doughs\n10,20\n,90\n20,40\n30,60\n", encoding="utf-8")
    assert command_line.main(["forecast", "--data", str(tmp_path / "my.csv"), "-r", "15"]) == 0
    captured = capsys.readouterr()
    assert "30 doughs for 15 reservations" in captured.out
    assert "Evenings left out because their number of reservations is missing: line 3" in captured.err


def test_a_file_of_one_evening(run, tmp_path, capsys):
    (tmp_path / "one.csv").write_text("reservations,doughs\n10,20\n", encoding="utf-8")
    data = ["--data", str(tmp_path / "one.csv")]
    answer = json.loads(run("forecast", *data, "-r", "10", "--json"))
    assert (answer["doughs"], answer["equation"], answer["warnings"]) == (20, None, [])
    for command, message in (
        (["train", "--output", str(tmp_path / "x")], "at least 2 are needed"),
        (["path"], "2 different"),
    ):
        with pytest.raises(SystemExit):
            command_line.main([*command, *data])
        assert message in capsys.readouterr().err


@pytest.mark.parametrize(("degree", "expected"), [("1", "x + "), ("2", "x^2 "), ("3", "x^3 ")])
def test_the_degree_can_be_given(run, degree, expected):
    answer = json.loads(run("forecast", "--data", "logarithmic", "--degree", degree, "-r", "20", "--json"))
    assert answer["degree"] == int(degree)
    assert expected in answer["equation"]
    year = simulate_year("logarithmic")
    weights = np.polynomial.Polynomial.fit(year["reservations"], year["doughs"], int(degree)).convert().coef
    printed = answer["equation"].replace("- ", "-").replace("+ ", "").split()
    assert [float(word) for word in printed if "x" not in word] == pytest.approx(weights[::-1], rel=1e-3)


def test_an_equation_below_zero():
    x = np.linspace(-20, 5, 40)
    model = dough_forecaster(("temperature",), 2).fit(
        pl.DataFrame({"temperature": x}), 50 - 3 * x - 0.25 * x**2
    )
    assert equation(model) == "-0.25 x^2 - 3 x + 50"
    assert equation(dough_forecaster(("weekday",)).fit({"weekday": "Friday"}, [5])) is None


# Wrong arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["forecast"], "the model needs reservations; missing: --reservations"),
        (["forecast", "-r", "-3"], "must be a whole number of at least 0, got '-3'"),
        (["forecast", "-r", "many"], "must be a whole number of at least 0, got 'many'"),
        (
            ["forecast", "-r", "15", "--holiday"],
            "the model only uses reservations, so --holiday cannot be given",
        ),
        (["forecast", "-r", "15", "--date", "2025-06-13"], "so --date cannot be given"),
        (
            ["forecast", "--date", "2025-02-30"],
            "must be a valid date, such as 2025-06-13; got '2025-02-30'",
        ),
        (
            ["forecast", "--weekday", "Mnday"],
            "unknown weekday 'Mnday'. Did you mean 'Monday'? Known weekdays, closest first: Monday, ",
        ),
        (
            ["forecast", "--month", "Jun"],
            "unknown month 'Jun'. Did you mean 'June'? Known months, closest first: June, ",
        ),
        (
            ["forecast", "--temperature", "99"],
            "must be a temperature from -60 to 60 degrees Celsius, got '99'",
        ),
        (
            ["forecast", "--temperature", "hot"],
            "must be a temperature from -60 to 60 degrees Celsius, got 'hot'",
        ),
        (
            ["forecast", "-r", "15", "--service-level", "1"],
            "must be a number between 0 and 1, such as 0.9; got '1'",
        ),
        (
            ["forecast", "-r", "15", "--service-level", "0.9"],
            "requires the errors on at least 9 held-out rows",
        ),
        (
            ["forecast", "-r", "15", "--data", "week", "--model", "x"],
            "argument --model: not allowed with --data, --seed, --degree or --feature",
        ),
        (
            ["forecast", "-r", "15", "--model", "x.pkl"],
            "must end in .json, .joblib or .skops, or have no suffix; got 'x.pkl'",
        ),
        (
            ["forecast", "-r", "15", "--seed", "1"],
            "argument --seed: only allowed with a simulated year (--data linear, logarithmic or full)",
        ),
        (["forecast", "-r", "15", "--degree", "11"], "must be a whole number from 1 to 10, got '11'"),
        (
            ["forecast", "-r", "15", "--data", "linear", "--feature", "rain"],
            "the evenings of linear have no feature 'rain'. Known features: reservations, weekday, month",
        ),
        (
            ["forecast", "--data", "full", *EVENING, "--month", "May"],
            "argument --date: already sets the month, so --month cannot be given",
        ),
        (
            ["forecast", "--data", "full", "--degree", "1", "-r", "9"],
            "missing: --temperature, --tourists, --weekday, --month",
        ),
        (
            ["train", "--data", "linear"],
            "--output is required with these options, because models/pizza.json is reserved for the straight",
        ),
        (
            ["train", "--output", "x.pkl"],
            "must end in .json, .joblib or .skops, or have no suffix; got 'x.pkl'",
        ),
        (["evaluate", "--years", "0"], "must be a whole number of at least 1, got '0'"),
        (["evaluate", "--picture", "scores.jpg"], "must end in .svg or .png, got 'scores.jpg'"),
        (["path", "--json", "no/folder/x.json"], "cannot write 'no/folder/x.json'"),
        (["path", "--rate", "0"], "must be a number greater than 0, got '0'"),
        (["path", "--rate", "nan"], "must be a number greater than 0, got 'nan'"),
        ([], "the following arguments are required: COMMAND"),
        (["bake"], "invalid choice: 'bake'"),
        (["forecast", "--data", "liner"], "unknown data set 'liner'. Did you mean 'linear'?"),
    ],
)
def test_wrong_arguments_exit_with_2_and_say_what_is_allowed(
    trained, monkeypatch, capsys, arguments, message
):
    monkeypatch.setattr(commands, "load_forecaster", lambda card, messages: trained)
    with pytest.raises(SystemExit) as stopped:
        command_line.main(arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("command", ["forecast", "train", "evaluate", "path"])
def test_help_says_what_a_command_takes(capsys, command):
    with pytest.raises(SystemExit) as stopped:
        command_line.main([command, "--help"])
    assert stopped.value.code == 0
    assert "usage: python -m examples.pizza " + command in capsys.readouterr().out


def test_the_page_shows_commands_that_exist():
    page = (ROOT / "examples" / "pizza" / "README.md").read_text(encoding="utf-8")
    lines = [
        line.split("#")[0]
        for line in page.splitlines()
        if "python -m examples.pizza" in line and "`" not in line
    ]
    asked = [
        command_line.build_parser().parse_args(shlex.split(line.split("examples.pizza", 1)[1].split("&&")[0]))
        for line in lines
    ]
    assert len(lines) >= 8
    assert len({(options.run, getattr(options, "command", None)) for options in asked}) == 6


def test_every_option_has_a_help():
    actions = [command_line.build_parser()]
    n_options = 0
    while actions:
        for action in actions.pop()._actions:
            if isinstance(action.choices, dict):
                actions += action.choices.values()
            else:
                assert action.help, action
                n_options += 1
    assert n_options > 25


@pytest.mark.parametrize("command", [["forecast", "-r", "3"], ["train", "--output", "x.json"], ["path"]])
def test_a_file_that_cannot_be_used_is_an_error_of_one_line(tmp_path, monkeypatch, capsys, command):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    assert command_line.main([*command, "--data", "no.csv"]) == 1
    assert (
        "no.csv: cannot be read (No such file or directory). Expected a CSV or Parquet file."
        in capsys.readouterr().err
    )
    Path("bad.csv").write_text("reservations,doughs\nfive,9\n", encoding="utf-8")
    assert command_line.main([*command, "--data", "bad.csv"]) == 1
    assert "bad.csv, line 2, column 'reservations': must be a whole number from 0" in capsys.readouterr().err


def test_the_command_itself_on_a_terminal_without_unicode():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "examples.pizza", "forecast", "-r", "15"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("53 doughs for 15 reservations\n")
    assert "Error" not in done.stderr
