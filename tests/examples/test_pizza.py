"""The pizzeria's command line, its saved model, its evaluation and its descent."""

import json
import os
import re
import shlex
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from examples import saved as saved_models
from examples.pizza import __main__ as command_line
from examples.pizza import descent
from examples.pizza import evaluate as evaluation
from examples.pizza.model import FOLDS, choose_degree, equation, read_lesson, train
from examples.pizza.years import simulate_year
from pipelines import ModelFileError, ModelVersionWarning, dough_forecaster, forecast, load_model, read_card
from pipelines.forecast import ServiceLevelRegressor

ROOT = Path(__file__).parents[2]
EVENING = [
    "--degree",
    "2",
    "--date",
    "2025-12-06",
    "-r",
    "30",
    "--temperature",
    "8",
    "--tourists",
    "60",
]  # a Saturday


@pytest.fixture(scope="module")
def trained():
    return train()


@pytest.fixture
def run(trained, monkeypatch, capsys):
    """Run the command line with the trained model in the place of the saved one."""
    monkeypatch.setattr(command_line, "load_forecaster", lambda card, messages: trained)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        assert command_line.main(list(arguments)) == 0
        return capsys.readouterr().out

    return run


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
    assert "column 'reservations' is 60, but the training's is from 12 to 30" in answer["warnings"][0]
    assert command_line.main(["forecast", "-r", "60"]) == 0
    assert "training's is from 12 to 30" in capsys.readouterr().err


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
    assert "a Saturday adds " in printed
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
    assert "Left out, because they have no number of reservations: line 3" in captured.err


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
            "must be a date that exists, written as 2025-06-13; got '2025-02-30'",
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
            "needs the errors on at least 9 training evenings",
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
            "argument --seed: only allowed with a simulated year, that is, --data linear or logarithmic or full",
        ),
        (["forecast", "-r", "15", "--degree", "11"], "must be a whole number from 1 to 10, got '11'"),
        (
            ["forecast", "-r", "15", "--data", "linear", "--feature", "rain"],
            "the evenings of linear have no feature 'rain'. Known features: reservations, weekday, month",
        ),
        (
            ["forecast", "--data", "full", *EVENING, "--month", "May"],
            "argument --date: sets the month too, so do not give both",
        ),
        (
            ["forecast", "--data", "full", "--degree", "1", "-r", "9"],
            "missing: --temperature, --tourists, --weekday, --month",
        ),
        (
            ["train", "--data", "linear"],
            "--output is required with these options: models/pizza.json is kept for the week",
        ),
        (
            ["train", "--output", "x.pkl"],
            "must end in .json, .joblib or .skops, or have no suffix; got 'x.pkl'",
        ),
        (["evaluate", "--years", "0"], "must be a whole number of at least 1, got '0'"),
        (["evaluate", "--picture", "scores.jpg"], "must end in .svg or .png, got 'scores.jpg'"),
        (["path", "--json", "no/folder/x.json"], "cannot write 'no/folder/x.json'"),
        (["path", "--rate", "0"], "must be a number above 0, got '0'"),
        (["path", "--rate", "nan"], "must be a number above 0, got 'nan'"),
        ([], "the following arguments are required: COMMAND"),
        (["bake"], "invalid choice: 'bake'"),
        (["forecast", "--data", "liner"], "unknown data set 'liner'. Did you mean 'linear'?"),
    ],
)
def test_wrong_arguments_exit_with_2_and_say_what_is_allowed(
    trained, monkeypatch, capsys, arguments, message
):
    monkeypatch.setattr(command_line, "load_forecaster", lambda card, messages: trained)
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
    commands = {
        command_line.build_parser()
        .parse_args(shlex.split(line.split("examples.pizza", 1)[1].split("&&")[0]))
        .run
        for line in lines
    }
    assert len(lines) >= 8
    assert len(commands) == 5


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


# train, and the saved model


def test_train_saves_a_model_that_answers_as_its_card_says(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert command_line.main(["train", "--output", str(tmp_path / "pizza.json")]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("Trained on 5 evenings. Saved as ")
    assert "because they have no number of reservations: line 6 (Friday), line 7 (Saturday)" in captured.err
    card = read_card(tmp_path / "pizza.json")
    assert card["retrain"] == "python -m examples.pizza train"
    assert card["trained"]["rows"] == 5
    check_scores(card)
    replay(load_model(tmp_path / "pizza.json", expected=ServiceLevelRegressor), card)


def check_scores(card):
    """Leave-one-out errors of the week: by numpy's line, and by the mean of the other four."""
    x, y = np.array([12, 20, 18, 30, 24]), np.array([36, 72, 68, 82, 75])
    others = [np.arange(5) != i for i in range(5)]
    line = [y[i] - np.polyval(np.polyfit(x[o], y[o], 1), x[i]) for i, o in enumerate(others)]
    mean = [y[i] - y[o].mean() for i, o in enumerate(others)]
    assert card["scores"] == {
        "cross-validated error": pytest.approx(np.abs(line).mean(), abs=1e-4),
        "error of forecasting the mean": pytest.approx(np.abs(mean).mean(), abs=1e-4),
    }


def replay(model, card):
    assert [asked["question"] for asked in card["questions"]] == command_line.QUESTIONS
    expected = [round(2.3761 * asked["question"]["reservations"] + 17.1770) for asked in card["questions"]]
    for asked, doughs in zip(card["questions"], expected, strict=True):
        assert forecast(model, asked["question"]).tolist() == [asked["answer"]] == [doughs]


def test_a_model_of_another_year_is_saved_and_asked(tmp_path, capsys, run):
    path = str(tmp_path / "full.json")
    assert command_line.main(["train", "--data", "full", "--degree", "2", "--output", path]) == 0
    capsys.readouterr()
    card, model = read_card(path), load_model(path)
    for asked in card["questions"]:
        assert forecast(model, asked["question"]).tolist() == [asked["answer"]]
    assert card["scores"]["cross-validated error"] < 0.5 * card["scores"]["error of forecasting the mean"]
    assert card["retrain"] == "python -m examples.pizza train --data full --degree 2"
    assert len(card["questions"]) == 3


def test_a_saved_model_is_asked_by_its_card(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "200")
    path = str(tmp_path / "linear.json")
    assert command_line.main(["train", "--data", "linear", "--degree", "1", "--output", path]) == 0
    capsys.readouterr()
    asked = ["-r", "25", "--json"]
    assert command_line.main(["forecast", "--model", path, *asked]) == 0
    saved = json.loads(capsys.readouterr().out)
    assert command_line.main(["forecast", "--data", "linear", "--degree", "1", *asked]) == 0
    assert saved == json.loads(capsys.readouterr().out)
    assert command_line.main(["forecast", "--model", str(tmp_path / "other"), *asked]) == 1
    assert "There is no model card" in capsys.readouterr().err


def test_the_committed_model_gives_the_answers_on_its_card():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelVersionWarning)  # other versions than it was trained with
        model = load_model(command_line.MODEL, expected=ServiceLevelRegressor)
    card = read_card(command_line.MODEL)
    replay(model, card)
    check_scores(card)


def test_the_committed_model_is_what_training_gives_today(trained):
    replay(trained, read_card(command_line.MODEL))


@pytest.mark.parametrize("trouble", ["other versions", "no model"])
def test_the_example_retrains_by_itself_and_says_so(monkeypatch, tmp_path, capsys, trouble):
    def load(path, expected):
        if trouble == "no model":
            return load_model(tmp_path / "pizza.json")
        warnings.warn("trained with scikit-learn 1.8", ModelVersionWarning, stacklevel=1)
        return None

    monkeypatch.setattr(saved_models, "load_model", load)
    assert command_line.main(["forecast", "-r", "15", "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["doughs"] == 53
    assert (
        "Training the model for this run only. To save it, run: python -m examples.pizza train"
        in captured.err
    )


def test_other_versions_that_cannot_even_be_loaded(monkeypatch, capsys):
    def load(path, expected):
        warnings.warn("trained with scikit-learn 1.8", ModelVersionWarning, stacklevel=1)
        raise ModelFileError("cannot be loaded")

    monkeypatch.setattr(saved_models, "load_model", load)
    assert command_line.main(["forecast", "-r", "15"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("53 doughs")
    assert "trained with scikit-learn 1.8" in captured.err


def test_a_damaged_model_file_is_an_error_of_one_line(monkeypatch, tmp_path, capsys):
    (tmp_path / "pizza.json").write_text("{", encoding="utf-8")
    monkeypatch.setattr(command_line, "MODEL", tmp_path / "pizza.json")
    assert command_line.main(["forecast", "-r", "15"]) == 1
    assert "pizza.json" in capsys.readouterr().err


# The choice of the degree, and evaluate


def test_degrees_cut_the_straight_lines_error_as_they_should():
    years = [evaluation.judge_degrees(seed) for seed in range(10)]
    of = {
        row["degree"]: row for row in (evaluation.degree_row(years, d) for d in (1, 2, "chosen", "the law"))
    }
    assert of[2]["cut"] >= 0.40
    assert of["chosen"]["cut"] >= 0.75
    assert of["the law"]["held_out"] <= of["chosen"]["held_out"] < of[2]["held_out"] < of[1]["held_out"]
    # numpy's polynomials on the same evenings
    for seed in (0, 7):
        training, held_out = evaluation.split(simulate_year("logarithmic", seed), seed)
        for degree in (1, 2, 8):
            peer = np.polynomial.Chebyshev.fit(training["reservations"], training["doughs"], degree)
            expected = np.abs(held_out["doughs"] - peer(held_out["reservations"].to_numpy())).mean()
            assert years[seed]["errors"][degree][0] == pytest.approx(expected, rel=1e-3)


def test_the_degree_is_chosen_by_cross_validation():
    x = np.arange(1, 101)
    for law in (2.0 * x + 5, 0.05 * (x - 50) ** 2 + 5, 9.55 * np.log2(x) + 15):
        y = np.rint(law + np.random.default_rng(0).normal(0, 3, 100))
        evenings = pl.DataFrame({"reservations": x, "doughs": y.astype(int)})
        errors = [  # numpy's polynomials on scikit-learn's folds
            np.mean(
                [
                    np.abs(np.polynomial.Chebyshev.fit(x[a], y[a], d)(x[b]) - y[b]).mean()
                    for a, b in FOLDS.split(x)
                ]
            )
            for d in range(1, 9)
        ]
        assert choose_degree(evenings, ("reservations",)) == 1 + np.argmin(errors)
    assert choose_degree(evenings[:29], ("reservations",)) == 1
    assert choose_degree(simulate_year("full"), ("weekday",)) == 1


def test_evaluate_compares_and_draws(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    files = {name: tmp_path / name for name in ("e.json", "e.svg")}
    command = ["evaluate", "--years", "1", "--seed", "3", "--json", f"{files['e.json']}"]
    assert command_line.main([*command, "--picture", f"{files['e.svg']}"]) == 0
    printed = capsys.readouterr().out
    report = json.loads(files["e.json"].read_text(encoding="utf-8"))
    assert report["chosen"][0] in range(1, 9)
    for row in report["features"]:
        assert row["recipe"] in printed
    for row in report["service"]:
        assert 0.5 < row["covered"] <= 1
    assert "<svg" in files["e.svg"].read_text(encoding="utf-8")


def test_the_page_of_the_example_shows_what_was_measured():
    report = json.loads((ROOT / "docs" / "pizza-evaluation.json").read_text(encoding="utf-8"))
    page = (ROOT / "examples" / "pizza" / "README.md").read_text(encoding="utf-8")
    for table in evaluation.as_markdown(report):
        assert table in page
    of = {row["degree"]: row["cut"] for row in report["degrees"]}
    assert of[2] >= 0.40
    assert of["chosen"] >= 0.75
    for row in report["service"]:
        assert row["covered"] == pytest.approx(row["level"], abs=0.03)
    for name in ("pizza-evaluation.svg", "pizza-path.svg"):
        assert f"../../docs/{name}" in page
        assert "<svg" in (ROOT / "docs" / name).read_text(encoding="utf-8")


# path


def test_the_path_is_that_of_gradient_descent_by_hand():
    lesson = read_lesson()
    x, y = np.array([12.0, 20, 18, 30, 24]), np.array([36.0, 72, 68, 82, 75])
    report = descent.descend(lesson, [0.001, 0.003], 50)
    path, refused = report["paths"]
    w = b = 0.0
    by_hand = []
    for _ in range(50):
        error = w * x + b - y
        w, b = w - 0.001 * 2 * (error * x).mean(), b - 0.001 * 2 * error.mean()
        by_hand.append((w, b, ((w * x + b - y) ** 2).mean()))
    for i, step in enumerate(path["iteration"]):
        assert (path["weight"][i], path["bias"][i], path["loss"][i]) == pytest.approx(by_hand[step - 1])
    assert path["iteration"][0] == 1
    assert path["iteration"][-1] == 50
    assert report["line"]["weight"] == pytest.approx(2.3761, abs=5e-5)
    assert report["line"]["bias"] == pytest.approx(17.1770, abs=5e-5)
    # 1 / the largest eigenvalue of the mean of [x, 1]'[x, 1]
    assert refused["rate"] == 0.003
    assert "0.00212" in refused["refused"]
    rows = np.column_stack([x, np.ones(5)])
    assert 1 / np.linalg.eigvalsh(rows.T @ rows / 5)[-1] == pytest.approx(0.00212891, rel=1e-5)


@pytest.mark.parametrize("data", ["week", "linear", "logarithmic"])
def test_by_default_one_rate_of_four_is_refused(data):
    paths = descent.descend(read_lesson(data), iterations=200)["paths"]
    assert [path["refused"] is not None for path in paths] == [False, False, False, True]
    assert all(path["loss"][-1] < path["loss"][0] for path in paths[:3])


def test_path_prints_and_draws(run, tmp_path):
    files = ["--json", str(tmp_path / "p.json"), "--picture", str(tmp_path / "p.png")]
    printed = run("path", "--rate", "0.001", "--rate", "0.5", "--iterations", "100", *files)
    assert "least squares: 2.3761 x + 17.1770" in printed
    assert "rate 0.5: learning_rate=0.5" in printed
    assert "largest safe rate" in printed
    report = json.loads((tmp_path / "p.json").read_text(encoding="utf-8"))
    assert [path["rate"] for path in report["paths"]] == [0.001, 0.5]
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    assert "refused" not in run(
        "path", "--data", "linear", "--seed", "2", "--rate", "0.0001", "--iterations", "2"
    )
    run("path", "--rate", "7", "--picture", str(tmp_path / "all-refused.svg"))


def test_a_feature_named_twice_is_a_wrong_argument(capsys):
    with pytest.raises(SystemExit) as stopped:
        command_line.main(["forecast", "-r", "15", "--feature", "reservations", "--feature", "reservations"])
    assert stopped.value.code == 2
    assert "argument --feature: each feature can be given once" in capsys.readouterr().err


def test_the_equation_of_a_high_degree_gives_the_forecast(capsys):
    command_line.main(["forecast", "--data", "logarithmic", "--degree", "8", "-r", "55", "--json"])
    told = json.loads(capsys.readouterr().out)
    doughs = eval(re.sub(r"(\d) x", r"\1*x", told["equation"]).replace("^", "**"), {"x": 55.0})
    assert round(doughs) == told["doughs"]


def test_ctrl_c_is_no_traceback(monkeypatch, capsys):
    monkeypatch.setattr(
        "examples.pizza.__main__.descend", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    assert command_line.main(["path"]) == 130
    assert "Interrupted." in capsys.readouterr().err


@pytest.mark.parametrize("command", ["examples.pizza forecast -r 15", "examples.games types"])
def test_a_reader_that_has_seen_enough_is_no_error(command):
    line = f"{sys.executable} -m {command} | head -1; exit ${{PIPESTATUS[0]}}"
    assert subprocess.run(["bash", "-c", line], capture_output=True, timeout=60).returncode == 0


def test_the_degree_is_chosen_without_the_held_out_evenings(monkeypatch):
    held_out_and_cross_validated = {degree: (10.0 - degree, float(degree)) for degree in range(1, 9)}
    monkeypatch.setattr(
        evaluation,
        "errors",
        lambda model, *_: held_out_and_cross_validated[model["forecast"].regressor.degree],
    )
    assert evaluation.judge_degrees(seed=0)["chosen"] == 1
