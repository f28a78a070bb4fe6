"""The digits' command line, their saved model, and what evaluate, curves, regularise, search and boundary find."""

import json
import os
import re
import struct
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_moons
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict, train_test_split

from estimators import GDClassifier, MLPClassifier
from examples import saved as saved_models
from examples.digits import __main__ as command_line
from examples.digits import boundary, curves, data, regularise
from examples.digits import evaluate as evaluation
from examples.digits.data import load_bundled
from examples.digits.model import MODELS, all_epochs, recipe, train
from examples.terminal import Terminal
from pipelines import ModelFileError, ModelVersionWarning, load_model, read_card, save_model

pytest.importorskip("matplotlib")
ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "digits"
FAST = ["--images", "300", "--epochs", "3"]


@pytest.fixture(scope="module")
def trained():
    return train()


@pytest.fixture
def run(trained, monkeypatch, capsys):
    """Run the command line with the trained model in the place of the saved one."""
    monkeypatch.setattr(command_line, "load_recogniser", lambda card, messages: trained)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        assert command_line.main(list(arguments)) == 0
        return capsys.readouterr().out

    return run


@pytest.fixture(scope="module")
def few():
    return load_bundled().only(300)


@pytest.fixture
def mnist(tmp_path):
    """Return a folder of four small files as their format is described."""
    for part, n in (("train", 300), ("t10k", 60)):
        pixels = np.random.default_rng(n).integers(0, 256, (n, 28, 28), dtype=np.uint8)
        header = struct.pack(">4I", 0x803, n, 28, 28)
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(header + pixels.tobytes())
        digits = bytes(i % 10 for i in range(n))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 0x801, n) + digits)
    return tmp_path


# predict


@pytest.mark.parametrize(("name", "digit"), [("two", 2), ("five", 5), ("seven", 7)])
def test_the_pictures_beside_the_example_are_recognised(run, name, digit):
    told = json.loads(run("predict", str(EXAMPLE / "data" / f"{name}.png"), "--json"))
    assert told["digit"] == digit
    assert told["dark_ink"] is (name != "seven")
    assert sum(told["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert max(told["probabilities"], key=told["probabilities"].get) == str(digit)
    assert len(told["sees"]) == 64
    printed = run("predict", str(EXAMPLE / "data" / f"{name}.png"))
    assert f"This is a {digit}.\nProbabilities: {digit} " in printed
    assert "@@" in printed.splitlines()[0] or "%%" in "".join(printed.splitlines()[:8])
    assert all(len(line) <= 16 for line in printed.splitlines()[:8])


def test_a_held_out_digit_printed_as_a_picture_is_answered_as_the_model_answers(run, trained, tmp_path):
    from matplotlib import image

    _, X_new, _, y_new = load_bundled().split()
    right = 0
    for row, digit in zip(X_new[:30], y_new[:30], strict=True):
        image.imsave(
            tmp_path / "x.png", np.kron(row.reshape(8, 8), np.ones((9, 9))), cmap="gray", vmin=0, vmax=1
        )
        right += json.loads(run("predict", str(tmp_path / "x.png"), "--json"))["digit"] == digit
    assert right >= 28  # of the 29 that the model reads in the images themselves


def test_the_command_itself_on_a_terminal_without_unicode():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "examples.digits", "predict", "examples/digits/data/five.png"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "This is a 5." in done.stdout
    assert "Error" not in done.stderr


# Wrong arguments and files


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["evaluate", "--images", "20"],
            "argument --images: must be a whole number of at least 200, got '20'",
        ),
        (["evaluate", "--images", "many"], "must be a whole number of at least 0, got 'many'"),
        (["evaluate", "--epochs", "0"], "must be a whole number of at least 1, got '0'"),
        (["evaluate", "--mnist", "x", "--fetch"], "not allowed with argument --mnist"),
        (["train", "--net", "softmax"], "give --output: models/digits.json is for the deep net"),
        (["train", "--net", "wide"], "invalid choice: 'wide'"),
        (["search", "--epochs", "3"], "the search itself chooses the epochs"),
        (["curves", "--picture", "x.jpg"], "must end in .svg or .png, got 'x.jpg'"),
        (["boundary", "--picture", "no/folder/x.png"], "must be a file in a folder that can be written"),
        (["regularise", "--json", "no/folder/x"], "must be a file in a folder that can be written"),
        (["predict", "x.png", "--model", "x.pkl"], "must end in .json, .joblib, .skops or no suffix"),
        (["summary", "--side", "9"], "invalid choice"),
        (["predict"], "the following arguments are required: PNG"),
        (["predict", "--bogus"], "unrecognized arguments: --bogus"),
        (["curves", "--images", "99999"], "argument --images: there are 1,797 to learn from"),
        (["evaluate", "--images", "1798"], "there are 1,797 to learn from, got '1798'"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_wrong_arguments_exit_with_2_and_say_what_is_allowed(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        command_line.main(arguments)
    assert stopped.value.code == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_without_matplotlib_a_command_that_works_in_a_clone_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for arguments in (["predict", "x.png"], ["boundary", "--picture", "x.svg"]):
        with pytest.raises(SystemExit):
            command_line.main(arguments)
        assert 'needs matplotlib: pip install ".[plot]"' in capsys.readouterr().err


def test_files_that_cannot_be_used_exit_with_1(run, mnist, capsys, monkeypatch):
    (mnist / "bad.png").write_bytes(b"no picture")
    assert command_line.main(["predict", str(mnist / "bad.png")]) == 1
    assert "bad.png: expected a picture that can be read" in capsys.readouterr().err
    cut = (mnist / "train-images-idx3-ubyte").read_bytes()[:-5]
    (mnist / "train-images-idx3-ubyte").write_bytes(cut)
    assert command_line.main(["evaluate", "--mnist", str(mnist)]) == 1
    assert "expected 235,200 bytes after the header, for 300 x 28 x 28 numbers" in capsys.readouterr().err
    assert command_line.main(["train", "--mnist", str(mnist / "none"), "--output", str(mnist / "m")]) == 1

    def fetch(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(data, "fetch_openml", fetch)
    assert command_line.main(["evaluate", "--fetch"]) == 1
    assert "cannot be fetched from OpenML (no network)" in capsys.readouterr().err


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
    assert capsys.readouterr().out.startswith("Trained on 1,437 images, judged by 360. Saved as ")
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
    assert "Trained on 300 images, judged by 60." in capsys.readouterr().out
    assert command_line.main(["predict", str(EXAMPLE / "data" / "two.png"), "--model", path, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["sees"]) == 784


def test_a_model_of_something_else_is_refused(tmp_path, capsys):
    from sklearn.pipeline import make_pipeline

    other = make_pipeline(GDClassifier()).fit([[0.0, 1], [1, 0]], ["a", "b"])
    save_model(other, tmp_path / "other")
    picture = str(EXAMPLE / "data" / "two.png")
    assert command_line.main(["predict", picture, "--model", str(tmp_path / "other")]) == 1
    assert "is none of images: it takes 2 features" in " ".join(capsys.readouterr().err.split())


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
    assert "Training anew for now; to keep the model, run: python -m examples.digits train" in captured.err


# The models


def test_softmax_is_scikit_learns_logistic_regression(few):
    X, X_new, y, _ = few.split()
    ours = recipe("softmax").fit(X, y)
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


# evaluate


def test_evaluate_counts_what_cross_val_predict_predicts(few):
    report = evaluation.evaluate(few, epochs=3, seed=4)
    assert [row["model"] for row in report["scores"]] == list(MODELS)
    folds = {"accuracy": StratifiedKFold(5, shuffle=True, random_state=4), "accuracy_in_order": KFold(5)}
    for row in report["scores"]:
        for key, cv in folds.items():
            with all_epochs():
                predicted = cross_val_predict(recipe(row["model"], 8, 3, 4), few.X, few.y, cv=cv)
            assert row[key] == pytest.approx((predicted == few.y).mean(), abs=5e-5)
        if row["model"] == report["judged"]:
            counts = np.array(report["confusion"])
            assert counts.sum() == 300
            assert np.trace(counts) == round(row["accuracy"] * 300)
    assert report["judged"] == min(report["scores"], key=lambda row: row["log_loss"])["model"]


def test_errors_by_hand():
    y = np.array([3, 3, 3, 8, 0])
    P = np.full((5, 10), 0.01)
    for row, (digit, p) in enumerate([(8, 0.6), (3, 0.9), (8, 0.8), (8, 0.9), (6, 0.7)]):
        P[row, digit] = p
    report = evaluation.errors_of("deep", y, P)
    assert report["confusion"][3] == [0, 0, 0, 1, 0, 0, 0, 0, 2, 0]
    assert report["confused"] == [
        {"digit": 3, "taken_for": 8, "times": 2},
        {"digit": 0, "taken_for": 6, "times": 1},
    ]
    assert [(error["image"], error["probability"]) for error in report["wrong"]] == [
        (2, 0.8),
        (4, 0.7),
        (0, 0.6),
    ]


def test_evaluate_prints_writes_and_draws(run, tmp_path, mnist):
    files = {name: tmp_path / name for name in ("e.json", "e.svg")}
    outputs = ["--json", str(files["e.json"]), "--picture", str(files["e.svg"])]
    printed = run("evaluate", *FAST, *outputs)
    report = json.loads(files["e.json"].read_text(encoding="utf-8"))
    assert "scikit-learn's digits: 300 images, judged by five folds" in " ".join(printed.split())
    for row in report["scores"]:
        assert f"{row['accuracy']:.1%}" in printed
    assert "<svg" in files["e.svg"].read_text(encoding="utf-8")
    right = np.trace(report["confusion"])
    assert f"{report['judged']}: {right / 300:.1%} of 300 right" in svg_text(files["e.svg"])
    printed = run("evaluate", "--mnist", str(mnist), "--epochs", "1", "--images", "200")
    assert "200 images, judged by its test set" in " ".join(printed.split())
    assert "in order" not in printed


def svg_text(file):
    """Return what matplotlib says it draws, in comments beside the outlines of the letters."""
    return " ".join(re.findall(r"<!-- (.*?) -->", file.read_text(encoding="utf-8")))


def test_table_and_picture_round_once(tmp_path, capsys):
    y = np.repeat(np.arange(10), 180)[:1797]
    P = np.eye(10)[np.where(np.arange(1797) < 35, (y + 1) % 10, y)]
    assert evaluation.accuracy(y, P) == 1762 / 1797  # 98.052%, which is 98.05%, which is not 98.0%
    report = {"scores": [{"model": "deep", "accuracy": evaluation.accuracy(y, P), "log_loss": 0.1}]}
    report |= {"data": "digits", "images": 1797, **evaluation.errors_of("deep", y, P)}
    lesson = data.Lesson("digits", np.zeros((1797, 64)), y)
    evaluation.show(report, Terminal(width=80))
    evaluation.save_picture(report, lesson, tmp_path / "e.svg")
    assert "98.1%" in capsys.readouterr().out
    assert "deep: 98.1% of 1,797 right" in svg_text(tmp_path / "e.svg")


def test_a_title_is_one_line_of_a_terminal_of_80_columns(capsys):
    report = json.loads((ROOT / "docs" / "digits-evaluation.json").read_text(encoding="utf-8"))
    evaluation.show(report, Terminal(width=80, force_terminal=True, color_system=None))
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "scikit-learn's digits: 1,797 images, judged by five folds"
    assert max(map(len, printed)) <= 80


def test_fifty_images_are_learned_without_a_word(tmp_path, capfd):
    rng = np.random.default_rng(0)
    for part in ("train", "t10k"):
        header = struct.pack(">4I", 0x803, 50, 28, 28)
        pixels = rng.integers(0, 256, (50, 28, 28), dtype=np.uint8)
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(header + pixels.tobytes())
        digits = bytes(i % 10 for i in range(50))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 0x801, 50) + digits)
    options = ["--mnist", str(tmp_path), "--net", "hidden", "--output", str(tmp_path / "m")]
    assert command_line.main(["train", *options]) == 0
    assert capfd.readouterr().err == ""


def test_a_picture_that_is_not_finished_leaves_the_old_one(tmp_path, monkeypatch):
    (tmp_path / "b.svg").write_text("old")

    def savefig(self, file, **options):
        file.write(b"<svg") if hasattr(file, "write") else Path(file).write_text("<svg")
        raise KeyboardInterrupt

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", savefig)
    with pytest.raises(KeyboardInterrupt):
        boundary.save_picture(boundary.part_moons(), tmp_path / "b.svg")
    assert (tmp_path / "b.svg").read_text() == "old"


# curves


def test_curves_of_softmax_are_those_of_descent_by_hand():
    X, X_val, y, y_val = load_bundled().only(400).split()
    X, X_val = X.astype(float), X_val.astype(float)
    found = curves.descend(X, y, X_val, y_val)
    X, X_val = X - X.mean(axis=0), X_val - X.mean(axis=0)
    ones = np.column_stack([X, np.ones(len(X))])
    rate = 2 / np.linalg.eigvalsh(ones.T @ ones / len(X))[-1]
    W, targets, loss, val_loss = np.zeros((65, 10)), np.eye(10)[y], [], []
    for _ in range(curves.ITERATIONS):
        W -= rate * (
            ones.T @ (softmax(ones @ W) - targets) / len(X) + 1e-3 * W * np.r_[np.ones(64), 0][:, None]
        )
        penalty = 1e-3 / 2 * (W[:-1] ** 2).sum()
        loss.append(log_loss(y, softmax(ones @ W)) + penalty)
        val_loss.append(log_loss(y_val, softmax(X_val @ W[:-1] + W[-1])))
    np.testing.assert_allclose(found["loss"], loss, rtol=1e-6)
    np.testing.assert_allclose(found["val_loss"], val_loss, rtol=1e-6)
    assert len(found["val_score"]) == curves.ITERATIONS
    assert np.all(np.diff(found["loss"]) < 0)


def softmax(Z):
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def test_the_last_validation_loss_of_a_net_is_that_of_the_trained_net():
    X, X_val, y, y_val = load_bundled().only(400).split()
    found = curves.net_curve(recipe("deep", epochs=4), X, y, X_val, y_val)
    with all_epochs():
        model = recipe("deep", epochs=4).fit(X, y)  # the held-out images change nothing
    assert found["val_loss"][-1] == pytest.approx(log_loss(y_val, model.predict_proba(X_val)), rel=1e-5)
    assert found["val_score"][-1] == pytest.approx(model.score(X_val, y_val))
    assert len(found["loss"]) == len(found["val_loss"]) == 4


def test_curves_print_and_draw_overfitting(run, tmp_path):
    printed = run("curves", "--json", str(tmp_path / "c.json"), "--picture", str(tmp_path / "c.png"))
    softmax, hidden, few, deep = json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))
    assert few["images"] == 287
    assert few["loss"][-1] < 0.01 < 0.1 < few["val_loss"][-1]
    assert min(few["val_loss"]) > min(deep["val_loss"])
    assert min(deep["val_loss"]) < min(softmax["val_loss"])
    assert "one hidden layer" in printed
    assert hidden["unit"] == "epoch"
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")


# regularise


def test_each_way_of_regularising_changes_the_net(few):
    report = regularise.compare(few, epochs=2)
    assert (report["images"], report["learned"]) == (300, 60)
    losses = [way["log_loss_training"] for way in report["ways"]]
    assert len(set(losses)) == len(losses) == len(regularise.WAYS)
    headings, rows = regularise.table_of(report)
    assert all(len(row) == len(headings) for row in rows)
    assert report["ways"][0]["gain"] == report["ways"][0]["gain_error"] == 0


def test_a_fold_is_learned_and_four_judge(monkeypatch, few):
    seen = []

    def cross_validate(model, X, y, cv, scoring, return_train_score):
        seen.append(cv)
        return {
            f"{part}_{score}": np.linspace(0.1, 1, len(cv))
            for part in ("train", "test")
            for score in ("accuracy", "neg_log_loss")
        }

    monkeypatch.setattr(regularise, "cross_validate", cross_validate)
    regularise.compare(few)
    for learned, judging in seen[0]:
        assert (len(learned), len(judging)) == (60, 240)
        assert np.bincount(few.y[learned]).min() >= 5
    assert np.bincount(np.concatenate([learned for learned, _ in seen[0]])).tolist() == [2] * 300


# search


def test_search_halves_and_shows_a_progress_bar(run, tmp_path):
    printed = run("search", "--images", "200", "--json", str(tmp_path / "s.json"))
    assert "HalvingGridSearchCV - halving-iteration #2" in printed
    report = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert [(row["epochs"], row["candidates"]) for row in report["rounds"]] == [
        (4, 18),
        (4, 18),
        (12, 6),
        (12, 6),
        (36, 2),
        (36, 2),
    ]
    assert report["log_loss"] == report["rounds"][-2]["log_loss"]
    assert {key: report["rounds"][-2][key] for key in report["best"]} == report["best"]


# boundary


def test_a_net_parts_moons_that_no_line_parts():
    report = boundary.part_moons(seed=1)
    X, y = make_moons(600, noise=0.2, random_state=1)
    X, X_new, y, y_new = train_test_split(X, y, test_size=0.5, stratify=y, random_state=1)
    peer = LogisticRegression(C=1 / (1e-4 * len(y)), tol=1e-10).fit(X, y)
    linear, net = report["scores"]
    assert linear["held_out"] == pytest.approx(peer.score(X_new, y_new), abs=5e-5)
    np.testing.assert_allclose(linear["fitted"].coef_, peer.coef_, rtol=1e-3)
    np.testing.assert_array_equal(report["points"], X_new)
    assert linear["held_out"] < 0.9 < 0.95 < net["held_out"]


def test_boundary_prints_and_draws(run, tmp_path):
    printed = run("boundary", "--picture", str(tmp_path / "b.svg"))
    assert "linear: GDClassifier" in printed
    assert "<svg" in (tmp_path / "b.svg").read_text(encoding="utf-8")


# summary


@pytest.mark.parametrize(
    ("arguments", "total"),
    [
        ([], 64 * 96 + 96 * 48 + 48 * 24 + 24 * 10 + 96 + 48 + 24 + 10 + 2 * (96 + 48 + 24)),
        (["--net", "softmax"], 64 * 10 + 10),
        (["--net", "hidden", "--side", "28"], 784 * 200 + 200 + 200 * 10 + 10),
    ],
)
def test_summary_counts_the_parameters(run, arguments, total):
    printed = run("summary", *arguments)
    assert printed.splitlines()[-1].split()[:3] == ["total,", "float32", f"{total:,}"]


def test_summary_as_a_graph(run):
    printed = run("summary", "--net", "softmax", "--mermaid")
    assert printed.startswith("flowchart TD\n")
    assert "64" in printed
    assert "StandardScaler(with_std=False) -> MLPClassifier" in run("summary")


# The page


@pytest.fixture
def saved(run, monkeypatch):
    """Run the command line with the committed model, which is the same on every machine."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelVersionWarning)
        model = load_model(command_line.MODEL, expected=MLPClassifier)
    monkeypatch.setattr(command_line, "load_recogniser", lambda card, messages: model)
    return run


def test_the_page_shows_what_predict_prints(saved):
    printed = saved("predict", str(EXAMPLE / "data" / "five.png"))
    assert f"```text\n{printed}```" in (EXAMPLE / "README.md").read_text(encoding="utf-8")


def test_the_page_counts_the_errors_as_the_report_does():
    page = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    report = json.loads((ROOT / "docs" / "digits-evaluation.json").read_text(encoding="utf-8"))
    said = re.search(r"Of the (\w+) net's (\d+) errors (\d+) are an (\d) taken for a (\d)", page)
    counts = np.array(report["confusion"])
    most = report["confused"][0]
    expected = [report["judged"], counts.sum() - np.trace(counts)]
    expected += [most[key] for key in ("times", "digit", "taken_for")]
    assert said.groups() == tuple(map(str, expected))


def test_the_page_says_which_printed_digits_are_misread(saved, tmp_path):
    from matplotlib.figure import Figure

    misread = {}
    for digit in range(10):
        figure = Figure(figsize=(2, 2), dpi=80)
        figure.text(0.5, 0.5, str(digit), fontsize=90, family="DejaVu Sans", ha="center", va="center")
        figure.savefig(tmp_path / "x.png")
        told = json.loads(saved("predict", str(tmp_path / "x.png"), "--json"))["digit"]
        misread |= {digit: told} if told != digit else {}
    said = ", ".join(f"the {digit} as a {told}" for digit, told in misread.items())
    assert f"it misreads {len(misread)} ({said})" in (EXAMPLE / "README.md").read_text(encoding="utf-8")


def test_the_page_of_the_example_shows_what_was_measured():
    page = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    reports = {
        name: json.loads((ROOT / "docs" / f"digits-{name}.json").read_text(encoding="utf-8"))
        for name in ("evaluation", "regularise")
    }
    for table in (evaluation.model_rows(reports["evaluation"]), regularise.table_of(reports["regularise"])):
        assert evaluation.as_markdown(*table) in page
    accuracy = {row["model"]: row["accuracy"] for row in reports["evaluation"]["scores"]}
    assert accuracy["deep"] > accuracy["softmax"] > 0.95
    for name in ("evaluation", "curves", "boundary"):
        assert f"../../docs/digits-{name}.svg" in page
        assert "<svg" in (ROOT / "docs" / f"digits-{name}.svg").read_text(encoding="utf-8")
    for command in command_line.build_parser()._subparsers._group_actions[0].choices:
        assert f"python -m examples.digits {command}" in page
