"""fit_batches: interrupted fits, progress, accuracy and memory."""

import io
import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from rich.console import Console
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from estimators import (
    GDRegressor,
    PolynomialRegressor,
)
from pipelines import (
    ModelFileError,
    fit_batches,
    game_recommender,
    save_model,
)
from tests.pipelines.batches import (
    WHOLE,
    N,
    as_arrow_batch,
    as_arrow_table,
    as_pandas,
    as_polars,
    numbers,
)


class Crash(Exception):
    pass


def crashing(parts, at):
    """Batches that fail once, after so many were given in all."""
    given = []

    def batches():
        for part in parts:
            given.append(1)
            if len(given) == at:
                raise Crash
            yield part

    return batches


PARTS_OF_NINE = [WHOLE[start : start + 9] for start in range(0, N, 9)]


def quadratic():
    return numbers(PolynomialRegressor(2, expand=[0, 1], alpha=1e-3))


@pytest.fixture(scope="module")
def uninterrupted():
    return fit_batches(quadratic(), PARTS_OF_NINE, "doughs")


@pytest.mark.parametrize("at", [2, 7, 8, 10, 15, 20, 21])
@pytest.mark.parametrize("every", [1, 2, 100])
def test_a_fit_that_was_interrupted_goes_on_to_the_same_bits(tmp_path, uninterrupted, at, every):
    model = quadratic()  # three passes of seven batches
    path = tmp_path / "fit.state"
    batches = crashing(PARTS_OF_NINE, at)
    with pytest.raises(Crash):
        fit_batches(model, batches, "doughs", checkpoint=path, every=every)
    assert path.exists() == (every < at or at > 7)
    fit_batches(model, batches, "doughs", checkpoint=path, every=every)
    assert_array_equal(model[-1].coef_, uninterrupted[-1].coef_)
    assert_array_equal(model.predict(WHOLE), uninterrupted.predict(WHOLE))
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("size", [5, 12, 60])
def test_a_checkpoint_of_batches_of_another_size_is_refused(tmp_path, size):
    path = tmp_path / "fit.state"
    parts = [WHOLE[start : start + 9] for start in range(0, N, 9)]
    with pytest.raises(Crash):
        fit_batches(game_recommender(), crashing(parts, 3), "title", checkpoint=path, every=1)
    others = [WHOLE[start : start + size] for start in range(0, N, size)]
    held = min(2 * size, N)
    says = f"was saved after 18 rows in 2 batches of this pass, but the first 2 batches now have {held}"
    with pytest.raises(ModelFileError, match=says):
        fit_batches(game_recommender(), others, "title", checkpoint=path)
    assert fit_batches(game_recommender(), parts, "title", checkpoint=path)[-1].class_count_.sum() == N


@pytest.mark.parametrize("kind", [as_pandas, as_polars, as_arrow_batch, as_arrow_table])
def test_batches_of_any_kind_are_counted_when_a_fit_goes_on(tmp_path, kind):
    parts = [kind(WHOLE[start : start + 9]) for start in range(0, N, 9)]
    batches, path = crashing(parts, 4), tmp_path / "fit.state"
    with pytest.raises(Crash):
        fit_batches(game_recommender(), batches, "title", checkpoint=path, every=1)
    assert fit_batches(game_recommender(), batches, "title", checkpoint=path)[-1].class_count_.sum() == N


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ({"progress": 3}, "The 'progress' parameter .*Got 3"),
        ({"checkpoint": 3}, "The 'checkpoint' parameter .*Got 3"),
    ],
)
def test_options_of_another_type(option, says):
    with pytest.raises(TypeError, match=says):
        fit_batches(StandardScaler(), [(np.ones((2, 2)),)], **option)


def test_a_checkpoint_of_another_model_or_no_checkpoint_is_refused(tmp_path):
    path = tmp_path / "fit.state"
    with pytest.raises(Crash):
        fit_batches(game_recommender(), crashing([WHOLE] * 3, 3), "title", checkpoint=path, every=1)
    with pytest.raises(ModelFileError, match="was written for a different model, y or sample_weight"):
        fit_batches(game_recommender(classifier="complement"), [WHOLE], "title", checkpoint=path)
    path.write_bytes(b"something else")
    with pytest.raises(ModelFileError):
        fit_batches(game_recommender(), [WHOLE], "title", checkpoint=path)
    save_model(StandardScaler().fit([[1.0]]), tmp_path / "model")
    other = next(tmp_path.glob("model-*.joblib"))
    with pytest.raises(ModelFileError, match="is not a checkpoint of fit_batches"):
        fit_batches(game_recommender(), [WHOLE], "title", checkpoint=other)
    with pytest.raises(FileNotFoundError, match="does not exist. Create it first"):
        fit_batches(game_recommender(), [WHOLE], "title", checkpoint=tmp_path / "no" / "file")
    with pytest.raises(IsADirectoryError, match="must be a file. Got the folder"):
        fit_batches(game_recommender(), [WHOLE], "title", checkpoint=tmp_path)


def test_a_checkpoint_of_other_versions_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "fit.state"
    with pytest.raises(Crash):
        fit_batches(game_recommender(), crashing([WHOLE] * 3, 3), "title", checkpoint=path, every=1)
    monkeypatch.setattr("pipelines._scaling.fitting.installed_versions", lambda: {"numpy": "1.0"})
    with pytest.raises(ModelFileError, match="written with different versions"):
        fit_batches(game_recommender(), [WHOLE], "title", checkpoint=path)


@pytest.mark.parametrize("every", [0, 1.5, True, "1"])
def test_every_is_a_whole_number(every):
    with pytest.raises(ValueError, match=r"The 'every' parameter of fit_batches must be an int"):
        fit_batches(StandardScaler(), [(np.ones((2, 2)),)], every=every)


def test_the_progress_bar_says_which_pass_and_how_many_rows():
    console = Console(file=io.StringIO(), width=100)
    fit_batches(game_recommender(), [WHOLE[:30], WHOLE[30:]], "title", progress=console)
    shown = console.file.getvalue()
    assert "pass 1 of 2" in shown
    assert "pass 2 of 2" in shown
    assert "60 rows" in shown
    assert "100%" in shown


@pytest.mark.parametrize("n_batches", [2, 37])
def test_coefficients_at_a_condition_of_ten_thousand(n_batches):
    rng = np.random.default_rng(0)
    Q = [np.linalg.qr(rng.normal(size=shape))[0] for shape in ((2000, 10), (10, 10))]
    X = Q[0] * np.geomspace(1e4, 1, 10) @ Q[1].T + 5
    y = X @ rng.normal(size=10) + rng.normal(size=2000)
    parts = [(X[at], y[at]) for at in np.array_split(rng.permutation(2000), n_batches)]
    expected, model = GDRegressor().fit(X, y), fit_batches(GDRegressor(), parts)
    assert_allclose(model.coef_, expected.coef_, rtol=0, atol=1e-8 * np.abs(expected.coef_).max())


def test_memory_does_not_grow_with_the_rows():
    def peak(n_batches):
        rng = np.random.default_rng(0)
        tracemalloc.start()
        model = make_pipeline(StandardScaler(), GDRegressor())
        fit_batches(
            model,
            lambda: ((rng.normal(size=(20_000, 10)), rng.normal(size=20_000)) for _ in range(n_batches)),
        )
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    few = peak(3)
    assert few < 12 * 20_000 * 11 * 8  # a batch, scaled, and what checks make of it
    assert peak(30) < 1.1 * few
