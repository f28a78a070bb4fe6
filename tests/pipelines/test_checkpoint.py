"""A training that goes on from a checkpoint is the one that was never interrupted."""

import hashlib
import os

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.datasets import load_digits, make_regression
from sklearn.exceptions import ConvergenceWarning

from estimators import MLPClassifier, MLPRegressor
from pipelines import Checkpoint

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning"
)  # few epochs are asked for

IMAGES, DIGITS = (part[:240] for part in load_digits(return_X_y=True))
IMAGES = IMAGES / 16
X_NUM, Y_NUM = make_regression(150, 6, n_targets=3, random_state=0)
Y_NUM = Y_NUM / 100
WEIGHT = np.random.default_rng(0).uniform(0.2, 2, 240)
FEW = {"max_iter": 12, "random_state": 3, "hidden_layer_sizes": (20, 11)}
RESUMED = [
    {},
    {
        "solver": "sgd",
        "learning_rate": "adaptive",
        "tol": 0.1,
        "n_iter_no_change": 1,
        "learning_rate_init": 0.1,
    },
    {"solver": "rmsprop", "dropout": 0.3, "batch_norm": True},
    {"early_stopping": True, "dropout": [0.1, 0.2], "learning_rate_init": 0.01},
    {"early_stopping": True, "tol": 0.5, "n_iter_no_change": 2},
]


@pytest.mark.parametrize("settings", RESUMED, ids=str)
@pytest.mark.parametrize("random_state", [0, None])
def test_a_resumed_training_is_one_that_was_never_interrupted(settings, random_state, tmp_path):
    path, settings = tmp_path / "net.joblib", {**FEW, **settings, "random_state": random_state}
    settings["batch_size"] = 50
    np.random.seed(5)  # noqa: NPY002  what random_state=None draws from
    whole = MLPClassifier(**settings).fit(IMAGES, DIGITS, WEIGHT)
    np.random.seed(5)  # noqa: NPY002
    MLPClassifier(**{**settings, "max_iter": 5}).set_callbacks(Checkpoint(path)).fit(IMAGES, DIGITS, WEIGHT)
    resumed = MLPClassifier(**settings).fit(IMAGES, DIGITS, WEIGHT, resume_from=path)
    for name in ("loss_curve_", "history_", "validation_scores_", "n_iter_", "t_", "best_loss_"):
        assert getattr(resumed, name) == getattr(whole, name), name
    for one, two in zip(resumed.coefs_ + resumed.intercepts_, whole.coefs_ + whole.intercepts_, strict=True):
        np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(resumed.predict_proba(IMAGES), whole.predict_proba(IMAGES))
    for model in (resumed, whole):
        model.set_params(early_stopping=False).partial_fit(IMAGES, DIGITS)
        model.set_params(warm_start=True, random_state=0).fit(IMAGES, DIGITS)
    if random_state is not None:  # else both go on drawing from the same global stream
        assert resumed.loss_curve_ == whole.loss_curve_


def test_a_checkpoint_is_a_model_and_comes_every_so_often(tmp_path):
    path = tmp_path / "net.joblib"
    model = MLPRegressor(**FEW).set_callbacks(Checkpoint(path, every=5)).fit(X_NUM, Y_NUM)
    saved = joblib.load(path)
    assert saved.n_iter_ == 10
    assert saved.loss_curve_ == model.loss_curve_[:10]
    expected = MLPRegressor(**{**FEW, "max_iter": 10}).fit(X_NUM, Y_NUM)
    np.testing.assert_array_equal(saved.predict(X_NUM), expected.predict(X_NUM))
    assert os.listdir(tmp_path) == ["net.joblib"]
    assert not hasattr(saved, "_skl_callbacks")


def test_what_cannot_be_resumed_is_an_error(tmp_path):
    path = tmp_path / "net.joblib"
    MLPRegressor(**FEW).set_callbacks(Checkpoint(path)).fit(X_NUM, Y_NUM)
    cases = [
        (MLPRegressor(**FEW, alpha=1.0), X_NUM, Y_NUM, r"different parameters: alpha=0\.0001 \(now 1\.0\)"),
        (
            MLPRegressor(**FEW),
            X_NUM[:99],
            Y_NUM[:99],
            "must have 150 rows, as in the checkpoint. Got 99 rows instead",
        ),
        (
            MLPClassifier(**FEW),
            IMAGES,
            DIGITS,
            "must be of type MLPClassifier. Got MLPRegressor instead",
        ),
        (MLPRegressor(**FEW, solver="lbfgs"), X_NUM, Y_NUM, "'lbfgs' does not support resume_from"),
        (
            MLPRegressor(**FEW),
            X_NUM[:, :3],
            Y_NUM,
            r"net\.joblib': X has 3 features, but MLPRegressor is exp",
        ),
        (MLPRegressor(**{**FEW, "random_state": 4}), X_NUM, Y_NUM, r"random_state=3 \(now 4\)"),
        (MLPRegressor(**{**FEW, "random_state": None}), X_NUM, Y_NUM, r"random_state=3 \(now None\)"),
        (
            MLPRegressor(**{**FEW, "max_iter": 11}),
            X_NUM,
            Y_NUM,
            r"after epoch 12, so max_iter must be at least 12. Got max_iter=11",
        ),
        (
            MLPRegressor(**FEW),
            X_NUM + 1e-9,
            Y_NUM,
            r"net\.joblib': the data must be the same as in the checkpoint. .* changed: X",
        ),
        (MLPRegressor(**FEW), X_NUM, Y_NUM + 1e-9, "The following arguments have changed: y"),
    ]
    for model, X, y, message in cases:
        with pytest.raises(ValueError, match=message):
            model.fit(X, y, resume_from=path)
    with pytest.raises(
        ValueError,
        match=r"type float64, as in the checkpoint\. Got an X of data type float32 instead",
    ):
        MLPRegressor(**FEW).fit(X_NUM.astype(np.float32), Y_NUM, resume_from=path)
    whole = path.read_bytes()
    for damaged in (b"", whole[:10], whole[: len(whole) // 2], whole[:-5], b"hello"):
        path.write_bytes(damaged)
        with pytest.raises(
            ValueError,
            match=r"^Cannot resume from .*net\.joblib': the file does not end with the hash of its content",
        ):
            MLPRegressor(**FEW).fit(X_NUM, Y_NUM, resume_from=path)
    with pytest.raises(TypeError, match="PathLike"):
        MLPRegressor(**FEW).fit(X_NUM, Y_NUM, resume_from=5)
    joblib.dump(MLPRegressor(**FEW).fit(X_NUM, Y_NUM), path)
    with pytest.raises(ValueError, match=r"net\.joblib': the file does not end with the hash of its content"):
        MLPRegressor(**FEW).fit(X_NUM, Y_NUM, resume_from=path)
    with pytest.raises(FileNotFoundError, match=r"To write it during training, call"):
        MLPRegressor(**FEW).fit(X_NUM, Y_NUM, resume_from=tmp_path / "none")
    with pytest.raises(FileNotFoundError, match=r"does not exist\. Create it first"):
        MLPRegressor(**FEW).set_callbacks(Checkpoint(tmp_path / "no" / "net")).fit(X_NUM, Y_NUM)
    with pytest.raises(
        IsADirectoryError, match="'path' parameter of Checkpoint must be a file. Got the folder"
    ):
        MLPRegressor(**FEW).set_callbacks(Checkpoint(tmp_path)).fit(X_NUM, Y_NUM)
    with pytest.raises(ValueError, match="Checkpoint can only be used with networks"):
        MLPRegressor(**FEW, solver="lbfgs").set_callbacks(Checkpoint(path)).fit(X_NUM, Y_NUM)
    with pytest.raises(ValueError, match="'every' parameter of Checkpoint must be an int"):
        Checkpoint(path, every=0)


def test_three_parameters_may_change(tmp_path):
    path = tmp_path / "net.joblib"
    MLPClassifier(**{**FEW, "max_iter": 2}).set_callbacks(Checkpoint(path)).fit(IMAGES, DIGITS)
    model = MLPClassifier(**{**FEW, "max_iter": 4, "verbose": True, "warm_start": True})
    assert model.fit(IMAGES, DIGITS, resume_from=path).n_iter_ == 4


OTHER = {
    "activation": "tanh", "alpha": 1.0, "batch_norm": True, "batch_size": 9, "beta_1": 0.1, "beta_2": 0.1, "class_weight": "balanced",
    "dropout": 0.1, "dtype": "float64", "early_stopping": True, "epsilon": 1.0, "hidden_layer_sizes": 5, "init": "he", "l1": 0.1,
    "learning_rate": "adaptive", "learning_rate_init": 0.1, "max_fun": 9, "momentum": 0.1, "n_iter_no_change": 9, "negative_slope": 0.1,
    "nesterovs_momentum": False, "power_t": 0.1, "random_state": 9, "rho": 0.1, "shuffle": False, "solver": "sgd", "tol": 0.1,
    "validation_fraction": 0.2, "warmup_fraction": 0.1, "weight_decay": 0.1, "clip_norm": 1.0, "refit": True, "label_smoothing": 0.1,
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER)
def test_every_other_parameter_must_be_the_same(name, tmp_path):
    path = tmp_path / "net.joblib"
    MLPClassifier(**{**FEW, "max_iter": 1}).set_callbacks(Checkpoint(path)).fit(IMAGES, DIGITS)
    early = {"early_stopping": True} if name == "refit" else {}
    with pytest.raises(ValueError, match=rf"different parameters: .*{name}=.* \(now {OTHER[name]!r}\)"):
        MLPClassifier(**{**FEW, **early, name: OTHER[name]}).fit(IMAGES, DIGITS, resume_from=path)


def test_every_parameter_is_in_the_table_above():
    assert {*OTHER, "max_iter", "verbose", "warm_start"} == set(MLPClassifier().get_params())


class Keep:
    """A callback that keeps the checkpoint after each epoch."""

    def __init__(self):
        self.contents = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator):
        if context.task_name == "iteration":
            self.contents.append(fitted_estimator.to_checkpoint())


def test_a_model_in_training_is_bytes_from_which_it_can_be_resumed(tmp_path):
    keep, path = Keep(), tmp_path / "net.joblib"
    model = MLPRegressor(**FEW).set_callbacks(keep).fit(X_NUM, Y_NUM)
    path.write_bytes(keep.contents[4])
    content, seal = keep.contents[4][:-71], keep.contents[4][-71:]
    assert seal == b"sha256:" + hashlib.sha256(content).hexdigest().encode()
    assert joblib.load(path).n_iter_ == 5
    assert MLPRegressor(**FEW).fit(X_NUM, Y_NUM, resume_from=path).loss_curve_ == model.loss_curve_
    for idle in (model, MLPRegressor(), joblib.load(path).partial_fit(X_NUM, Y_NUM)):
        with pytest.raises(ValueError, match="This MLPRegressor is not being trained. Call to_checkpoint in"):
            idle.to_checkpoint()


def test_a_checkpoint_names_no_private_module():
    keep = Keep()
    MLPClassifier(**FEW, dropout=0.2, early_stopping=True).set_callbacks(keep).fit(IMAGES, DIGITS)
    assert b"estimators._" not in keep.contents[0]


def test_one_wrong_bit_anywhere_is_found(tmp_path):
    path = tmp_path / "net.joblib"
    MLPRegressor(**FEW).set_callbacks(Checkpoint(path)).fit(X_NUM, Y_NUM)
    whole = path.read_bytes()
    for at in np.random.default_rng(0).integers(0, 8 * len(whole), 200):
        damaged = bytearray(whole)
        damaged[at // 8] ^= 1 << at % 8
        path.write_bytes(damaged)
        with pytest.raises(
            ValueError, match=r"^Cannot resume from .*net\.joblib': the file does not end with the hash"
        ):
            MLPRegressor(**FEW).fit(X_NUM, Y_NUM, resume_from=path)
    path.write_bytes(whole)
    assert MLPRegressor(**FEW).fit(X_NUM, Y_NUM, resume_from=path).n_iter_ == 12


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("unpickled",)


def test_what_is_no_checkpoint_is_not_even_unpickled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    joblib.dump(Bomb(), "net.joblib")
    with pytest.raises(ValueError, match="not a checkpoint"):
        MLPRegressor(**FEW).fit(X_NUM, Y_NUM, resume_from="net.joblib")
    assert os.listdir() == ["net.joblib"]


def test_only_the_data_that_a_training_had_go_on(tmp_path):
    path, csr = tmp_path / "net.joblib", sp.csr_array(IMAGES)
    early = {**FEW, "early_stopping": True}
    held_out = {"X_val": IMAGES[:40], "y_val": DIGITS[:40]}
    other = {"X_val": IMAGES[1:41], "y_val": DIGITS[1:41]}
    rolled = np.roll(DIGITS, 1)
    weighted = {**held_out, "sample_weight_val": WEIGHT[:40]}
    same_rows = sp.csr_array((csr.data, csr.indices.astype(np.int64), csr.indptr.astype(np.int64)))
    cases = [
        (FEW, (csr, DIGITS, WEIGHT), {}, (sp.csr_array(IMAGES[:, ::-1]), DIGITS, WEIGHT), {}, "X"),
        (FEW, (csr, DIGITS), {}, (same_rows, DIGITS), {}, None),
        (FEW, (IMAGES, DIGITS), {}, (IMAGES, rolled), {}, "y"),
        (FEW, (IMAGES, DIGITS), {}, (IMAGES[::-1], rolled), {}, "X, y"),
        (FEW, (IMAGES, DIGITS, WEIGHT), {}, (IMAGES, DIGITS, WEIGHT[::-1]), {}, "sample_weight"),
        (FEW, (IMAGES, DIGITS), {}, (IMAGES, DIGITS, WEIGHT), {}, "sample_weight"),
        (FEW, (IMAGES, DIGITS), {}, (np.asfortranarray(IMAGES), DIGITS), {}, None),
        (FEW, (IMAGES, DIGITS), held_out, (IMAGES, DIGITS), other, None),  # which changes no weight
        (early, (IMAGES, DIGITS), held_out, (IMAGES, DIGITS), other, "X_val, y_val"),
        (early, (IMAGES, DIGITS), held_out, (IMAGES, DIGITS), weighted, "sample_weight_val"),
        (early, (IMAGES, DIGITS), held_out, (IMAGES, DIGITS), held_out, None),
    ]
    for settings, first, val, second, val_again, changed in cases:
        MLPClassifier(**{**settings, "max_iter": 2}).set_callbacks(Checkpoint(path)).fit(*first, **val)
        resume = MLPClassifier(**settings).fit
        if changed is None:
            whole = MLPClassifier(**settings).fit(*first, **val)
            assert resume(*second, **val_again, resume_from=path).loss_curve_ == whole.loss_curve_
        else:
            with pytest.raises(
                ValueError, match=rf"net\.joblib': the data must be the same .* changed: {changed}\.$"
            ):
                resume(*second, **val_again, resume_from=path)


def test_a_refused_checkpoint_leaves_the_model_as_it_was(tmp_path):
    path = tmp_path / "net.joblib"
    MLPRegressor(**FEW).set_callbacks(Checkpoint(path)).fit(X_NUM, Y_NUM)
    new, old = MLPRegressor(**FEW), MLPRegressor(**FEW).fit(X_NUM[:, :2], Y_NUM[:, 0])
    answers = old.predict(X_NUM[:, :2])
    attributes = {name: id(value) for name, value in vars(old).items()}
    for X, y, more in (
        (X_NUM[:, :3], Y_NUM, {}),
        (X_NUM[:99], Y_NUM[:99], {}),
        (X_NUM, -Y_NUM, {}),
        (X_NUM, Y_NUM, {"X_val": X_NUM, "y_val": Y_NUM[:, 0]}),
        (X_NUM, Y_NUM, {"sample_weight": np.ones(3)}),
    ):
        for model in (new, old):
            with pytest.raises(ValueError, match=r"^Cannot resume from .*net\.joblib': "):
                model.fit(X, y, resume_from=path, **more)
        assert vars(new) == vars(MLPRegressor(**FEW))
        assert {name: id(value) for name, value in vars(old).items()} == attributes
        np.testing.assert_array_equal(old.predict(X_NUM[:, :2]), answers)
    named = (
        MLPRegressor(**FEW)
        .fit(pd.DataFrame(X_NUM).add_prefix("x"), Y_NUM)
        .fit(X_NUM, Y_NUM, resume_from=path)
    )
    assert not hasattr(named, "feature_names_in_")  # the checkpoint has none


def test_generators_cannot_be_compared(tmp_path):
    path = tmp_path / "net.joblib"
    settings = {**FEW, "random_state": np.random.RandomState(0)}
    MLPRegressor(**{**settings, "max_iter": 2}).set_callbacks(Checkpoint(path)).fit(X_NUM, Y_NUM)
    settings["random_state"] = np.random.RandomState(7)
    resumed = MLPRegressor(**settings).fit(X_NUM, Y_NUM, resume_from=path)
    whole = MLPRegressor(**{**FEW, "random_state": np.random.RandomState(0)}).fit(X_NUM, Y_NUM)
    assert resumed.loss_curve_ == whole.loss_curve_
    with pytest.raises(ValueError, match=r"random_state=RandomState.* \(now 0\)"):
        MLPRegressor(**FEW).set_params(random_state=0).fit(X_NUM, Y_NUM, resume_from=path)


def test_a_training_that_had_its_epochs_is_whole_and_warns_as_it_did(tmp_path):
    path = tmp_path / "net.joblib"
    whole = MLPRegressor(**FEW).set_callbacks(Checkpoint(path)).fit(X_NUM, Y_NUM)
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(12\) reached") as caught:
        again = MLPRegressor(**FEW).fit(X_NUM, Y_NUM, resume_from=path)
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(again.predict(X_NUM), whole.predict(X_NUM))
