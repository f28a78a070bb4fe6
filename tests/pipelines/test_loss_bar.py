"""The progress bar with the loss shows what the history has, and changes nothing."""

import io
import pickle
import re

import pytest
from rich.console import Console
from sklearn.base import clone
from sklearn.callback import ProgressBar
from sklearn.datasets import make_regression
from sklearn.model_selection import GridSearchCV

from estimators import GDClassifier, MLPRegressor
from pipelines import Checkpoint, LossBar

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning"
)  # few epochs are asked for

X, Y = make_regression(100, 4, random_state=0)
Y = Y / 100
FEW = {"hidden_layer_sizes": 5, "max_iter": 6, "random_state": 0}


def shown(model, *args, **kwargs):
    """Fit with a bar; return what it shows at last."""
    console = Console(file=io.StringIO(), width=120, force_terminal=False)
    model.set_callbacks(LossBar(console)).fit(*args, **kwargs)
    return console.file.getvalue()


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_bar_shows_the_last_losses(solver):
    model = MLPRegressor(**FEW, solver=solver)
    text = shown(model, X[:80], Y[:80], X_val=X[80:], y_val=Y[80:])
    loss, held_out = (model.history_[name][-1] for name in ("loss", "val_loss"))
    assert re.search(r"MLPRegressor .* 6/6 .*", text)
    assert text.rstrip().endswith(f"loss {loss:.4g}, held out {held_out:.4g}")
    assert model.loss_ == MLPRegressor(**FEW, solver=solver).fit(X[:80], Y[:80]).loss_
    assert "held out" not in shown(model, X, Y)


def test_a_terminal_sees_every_epoch():
    console = Console(file=io.StringIO(), width=120, force_terminal=True)
    bar = LossBar(console)
    seen = []
    end = bar.on_fit_task_end

    def watched(estimator, context):
        end(estimator, context)
        seen.extend(each.tasks[0].fields["losses"] for each in bar._bars.values())

    bar.on_fit_task_end = watched
    model = MLPRegressor(**FEW).set_callbacks(bar).fit(X, Y)
    assert seen[:6] == [f"loss {loss:.4g}" for loss in model.loss_curve_]


def test_a_resumed_training_goes_on_where_it_was(tmp_path):
    path = tmp_path / "net.joblib"
    MLPRegressor(**{**FEW, "max_iter": 4}).set_callbacks(Checkpoint(path)).fit(X, Y)
    assert " 6/6 " in shown(MLPRegressor(**FEW), X, Y, resume_from=path)


def test_a_bar_ends_with_its_fit_even_if_that_fails():
    bar = LossBar(Console(file=io.StringIO()))
    with pytest.raises(ValueError, match="non-finite"):
        MLPRegressor(**FEW, solver="sgd", learning_rate_init=1e10).set_callbacks(bar).fit(X, Y)
    assert bar._bars == {}
    assert pickle.loads(pickle.dumps(LossBar())).console is None


def test_a_bar_goes_where_callbacks_go():
    text = shown(GDClassifier(max_iter=5), X, Y > 0)  # has no history, and a bar all the same
    assert "GDClassifier" in text
    console = Console(file=io.StringIO(), width=120)
    net = clone(MLPRegressor(**FEW).set_callbacks(LossBar(console)))
    search = GridSearchCV(net, {"alpha": [0.1, 1.0]}, cv=2).set_callbacks(
        ProgressBar(max_propagation_depth=0)
    )
    search.fit(X, Y)
    assert console.file.getvalue().count("6/6") >= 5


def test_without_a_console_it_is_on_the_error_stream(capsys):
    MLPRegressor(**FEW).set_callbacks(LossBar()).fit(X, Y)
    printed = capsys.readouterr()
    assert "6/6" in printed.err
    assert printed.out == ""
