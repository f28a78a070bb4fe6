"""The choice of the degree, evaluate, and the path of gradient descent."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from examples.pizza import __main__ as command_line
from examples.pizza import descent
from examples.pizza import evaluate as evaluation
from examples.pizza.model import FOLDS, choose_degree, read_lesson
from examples.pizza.years import simulate_year
from tests.effort import effort

ROOT = Path(__file__).parents[3]

# The choice of the degree, and evaluate


def test_degrees_cut_the_straight_lines_error_as_they_should():
    years = [evaluation.judge_degrees(seed) for seed in range(effort(10, 4))]
    of = {
        row["degree"]: row for row in (evaluation.degree_row(years, d) for d in (1, 2, "chosen", "the law"))
    }
    assert of[2]["cut"] >= 0.40
    assert of["chosen"]["cut"] >= 0.75
    assert of["the law"]["held_out"] <= of["chosen"]["held_out"] < of[2]["held_out"] < of[1]["held_out"]
    # numpy's polynomials on the same evenings
    for seed in (0, 3):
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
    assert "Gradient descent would diverge" in printed
    assert "learning_rate=0.5" in printed
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
    assert "argument --feature: each feature can be given only once" in capsys.readouterr().err


def test_the_equation_of_a_high_degree_gives_the_forecast(capsys):
    command_line.main(["forecast", "--data", "logarithmic", "--degree", "8", "-r", "55", "--json"])
    told = json.loads(capsys.readouterr().out)
    doughs = eval(re.sub(r"(\d) x", r"\1*x", told["equation"]).replace("^", "**"), {"x": 55.0})
    assert round(doughs) == told["doughs"]


def test_ctrl_c_is_no_traceback(monkeypatch, capsys):
    monkeypatch.setattr(
        "examples.pizza.commands.descend", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
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
