"""The digits' models: how they are trained, saved and asked."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from estimators import GDClassifier, MLPClassifier
from examples import saved as saved_models
from examples.digits import __main__ as command_line
from examples.digits.data import load_bundled
from examples.digits.model import recipe, train
from pipelines import ModelFileError, ModelVersionWarning, load_model, read_card, save_model

pytest.importorskip("matplotlib")
ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "digits"

# train, and the saved model


def check_card(model, card):
    """The questions are the first held-out images of scikit-learn's own split; the scores its own scores."""
    X, y = load_digits(return_X_y=True)
    _, X_new, _, y_new = train_test_split(
        (X / 16).astype("float32"), y, test_size=0.2, stratify=y, random_state=0
    )
    np.testing.assert_array_equal([asked["question"] for asked in card["questions"]], X_new[:3])
    assert [asked["answer"] for asked in card["questions"]] == y_new[:3].tolist()
    assert model.predict(X_new[:3]).tolist() == y_new[:3].tolist()
    P = model.predict_proba(X_new)
    assert card["scores"]["held-out accuracy"] == pytest.approx((P.argmax(axis=1) == y_new).mean(), abs=0.012)
    assert card["scores"]["held-out log loss"] == pytest.approx(log_loss(y_new, P), abs=0.03)
    assert card["scores"]["held-out accuracy"] > 0.95


def test_train_saves_a_model_that_answers_as_its_card_says(tmp_path, capsys, monkeypatch, trained):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(command_line, "train", lambda *args: trained)
    monkeypatch.setattr(command_line, "MODEL", tmp_path / "digits.json")
    assert command_line.main(["train"]) == 0
    assert capsys.readouterr().out.startswith("Trained on 1,437 images and scored on 360. Saved as ")
    card = read_card(tmp_path / "digits.json")
    assert card["retrain"] == "python -m examples.digits train"
    assert card["trained"]["rows"] == 1437
    reloaded = load_model(tmp_path / "digits.json", expected=MLPClassifier)
    check_card(reloaded, card)
    X = load_bundled().X
    np.testing.assert_array_equal(reloaded.predict_proba(X), trained.predict_proba(X))


def test_the_committed_model_gives_the_answers_on_its_card():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelVersionWarning)  # other versions than it was trained with
        model = load_model(command_line.MODEL, expected=MLPClassifier)
    card = read_card(command_line.MODEL)
    check_card(model, card)
    assert card["size"] < 200_000


def test_the_committed_model_is_what_training_gives_today(trained):
    card = read_card(command_line.MODEL)
    check_card(trained, card)
    assert trained["net"].get_params()["hidden_layer_sizes"] == (96, 48, 24)


def test_other_models_are_saved_and_asked(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    path = str(tmp_path / "softmax.json")
    command = ["train", "--net", "softmax", "--images", "600", "--seed", "3", "--output", path]
    assert command_line.main(command) == 0
    card = read_card(path)
    assert card["retrain"] == "python -m examples.digits train --net softmax --images 600 --seed 3"
    assert card["final_class"] == "estimators.logistic.GDClassifier"
    capsys.readouterr()
    picture = str(EXAMPLE / "data" / "seven.png")
    assert command_line.main(["predict", picture, "--model", path, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["digit"] == 7
    assert command_line.main(["predict", picture, "--model", str(tmp_path / "none")]) == 1
    assert "There is no model card" in capsys.readouterr().err


def test_a_model_of_mnist_sees_28_by_28_pixels(mnist, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    path = str(mnist / "m.json")
    command = ["train", "--net", "hidden", "--mnist", str(mnist), "--epochs", "1", "--output", path]
    assert command_line.main(command) == 0
    assert f"--net hidden --mnist {mnist} --epochs 1" in read_card(path)["retrain"]
    assert "Trained on 300 images and scored on 60." in capsys.readouterr().out
    assert command_line.main(["predict", str(EXAMPLE / "data" / "two.png"), "--model", path, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["sees"]) == 784


def test_a_model_of_something_else_is_refused(tmp_path, capsys):
    from sklearn.pipeline import make_pipeline

    other = make_pipeline(GDClassifier()).fit([[0.0, 1], [1, 0]], ["a", "b"])
    save_model(other, tmp_path / "other")
    picture = str(EXAMPLE / "data" / "two.png")
    assert command_line.main(["predict", picture, "--model", str(tmp_path / "other")]) == 1
    assert "must be a classifier of square images" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("trouble", ["other versions", "no model"])
def test_the_example_retrains_by_itself_and_says_so(monkeypatch, tmp_path, capsys, trained, trouble):
    def load(path, expected):
        if trouble == "no model":
            return load_model(tmp_path / "digits.json")
        warnings.warn("trained with scikit-learn 1.8", ModelVersionWarning, stacklevel=1)
        raise ModelFileError("cannot be loaded")

    monkeypatch.setattr(saved_models, "load_model", load)
    monkeypatch.setattr(command_line, "train", lambda: trained)
    assert command_line.main(["predict", str(EXAMPLE / "data" / "five.png"), "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["digit"] == 5
    assert (
        "Training the model for this run only. To save it, run: python -m examples.digits train"
        in captured.err
    )


# The models


def test_softmax_is_scikit_learns_logistic_regression(few):
    X, X_new, y, _ = few.split()
    ours = recipe("softmax").set_params(net__tol=1e-8).fit(X, y)
    centred, new = X - X.mean(axis=0), X_new - X.mean(axis=0)
    peer = LogisticRegression(C=1 / (1e-3 * len(y)), tol=1e-8, max_iter=1000).fit(centred.astype(float), y)
    np.testing.assert_allclose(ours.predict_proba(X_new), peer.predict_proba(new.astype(float)), atol=2e-3)


@pytest.mark.parametrize("name", ["hidden", "deep"])
@pytest.mark.parametrize("side", [8, 28])
def test_nets_have_the_layers_that_the_page_says(name, side):
    sizes = {
        ("hidden", 8): (100,),
        ("hidden", 28): (200,),
        ("deep", 8): (96, 48, 24),
        ("deep", 28): (1200, 500, 200),
    }
    net = recipe(name, side)["net"]
    assert net.hidden_layer_sizes == sizes[name, side]
    given = recipe(name, side, epochs=7, seed=5)["net"]
    assert (given.max_iter, given.random_state) == (7, 5)
    assert (net.batch_norm, net.activation) == {
        "hidden": (False, "logistic"),
        "deep": (True, "leaky_relu"),
    }[name]


def test_a_seed_gives_the_same_model_and_other_seeds_others(few):
    first, again, other = (train(few, "hidden", 2, seed).predict_proba(few.X) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)
