"""The pizzeria's saved model."""

import json
import warnings

import numpy as np
import pytest

from examples import saved as saved_models
from examples.pizza import __main__ as command_line
from examples.pizza import commands
from pipelines import ModelFileError, ModelVersionWarning, forecast, load_model, read_card
from pipelines.forecast import ServiceLevelRegressor

# train, and the saved model


def test_train_saves_a_model_that_answers_as_its_card_says(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert command_line.main(["train", "--output", str(tmp_path / "pizza.json")]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("Trained on 5 evenings. Saved as ")
    assert (
        "because their number of reservations is missing: line 6 (Friday), line 7 (Saturday)" in captured.err
    )
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
    assert [asked["question"] for asked in card["questions"]] == commands.QUESTIONS
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
        model = load_model(commands.MODEL, expected=ServiceLevelRegressor)
    card = read_card(commands.MODEL)
    replay(model, card)
    check_scores(card)


def test_the_committed_model_is_what_training_gives_today(trained):
    replay(trained, read_card(commands.MODEL))


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
    monkeypatch.setattr(commands, "MODEL", tmp_path / "pizza.json")
    assert command_line.main(["forecast", "-r", "15"]) == 1
    assert "pizza.json" in capsys.readouterr().err
