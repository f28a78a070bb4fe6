"""What evaluate, curves, regularise, search and boundary find."""

import json
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import make_moons
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict, train_test_split

from examples.digits import __main__ as command_line
from examples.digits import boundary, curves, data, regularise
from examples.digits import evaluate as evaluation
from examples.digits.data import load_bundled
from examples.digits.model import MODELS, all_epochs, recipe
from examples.terminal import Terminal

pytest.importorskip("matplotlib")
ROOT = Path(__file__).parents[3]
FAST = ["--images", "300", "--epochs", "3"]

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
    assert "scikit-learn's digits: 300 images, five-fold cross-validation" in " ".join(printed.split())
    for row in report["scores"]:
        assert f"{row['accuracy']:.1%}" in printed
    assert "<svg" in files["e.svg"].read_text(encoding="utf-8")
    right = np.trace(report["confusion"])
    assert f"{report['judged']}: {right / 300:.1%} of 300 images correct" in svg_text(files["e.svg"])
    printed = run("evaluate", "--mnist", str(mnist), "--epochs", "1", "--images", "200")
    assert "200 images, scores on the test set" in " ".join(printed.split())
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
    assert "deep: 98.1% of 1,797 images correct" in svg_text(tmp_path / "e.svg")


def test_a_title_is_one_line_of_a_terminal_of_80_columns(capsys):
    report = json.loads((ROOT / "docs" / "digits-evaluation.json").read_text(encoding="utf-8"))
    evaluation.show(report, Terminal(width=80, force_terminal=True, color_system=None))
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "scikit-learn's digits: 1,797 images, five-fold cross-validation"
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
