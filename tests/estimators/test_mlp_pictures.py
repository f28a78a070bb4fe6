"""Pictures of a network: summary, graph and loss curve."""

import sys

import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from estimators import LossCurveDisplay, MLPClassifier
from tests.estimators.networks import DIGITS, FEW, IMAGES

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning"
)  # few epochs are enough


def test_the_display_says_how_to_get_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(
        ImportError, match=r"requires matplotlib. Install it with: pip install matplotlib .*clone .*\[plot\]"
    ):
        LossCurveDisplay([1.0, 0.5]).plot()


def test_summary_counts_what_there_is():
    model = MLPClassifier((30, 20), batch_norm=True, dropout=0.25, max_iter=1, dtype="float32").fit(
        IMAGES, DIGITS
    )
    counts = [64 * 30 + 30, 60, 30 * 20 + 20, 40, 20 * 10 + 10]
    assert model.n_parameters_ == sum(counts)
    table = model.summary()
    for text in (
        f"{sum(counts):,}",
        "Dense 64 -> 30",
        "BatchNorm",
        "Dropout 0.25",
        "softmax",
        "float32",
        "7.6 KiB",
        "11.2 KiB",
    ):
        assert text in table, text
    assert len({len(line) for line in table.splitlines()}) == 1
    graph = model.to_mermaid()
    assert graph.startswith("flowchart TD")
    assert graph.count("-->") == table.count("(n, ")


def test_the_display_draws_both_curves():
    pytest.importorskip("matplotlib").use("Agg")
    from matplotlib import pyplot

    model = MLPClassifier(**FEW, early_stopping=True).fit(IMAGES, DIGITS)
    display = LossCurveDisplay.from_estimator(make_pipeline(model), name="net", linewidth=3)
    assert [line.get_ydata().tolist() for line in display.lines_] == [
        model.loss_curve_,
        model.history_["val_loss"],
    ]
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == [
        "net training",
        "net validation",
    ]
    again = LossCurveDisplay(model.loss_curve_).plot(ax=display.ax_)
    assert again.figure_ is display.figure_
    assert len(again.lines_) == 1
    assert display.lines_[0].get_linewidth() == 3
    pyplot.close(display.figure_)
    with pytest.raises(ValueError, match="with the attribute history_, .*Got a StandardScaler without"):
        LossCurveDisplay.from_estimator(StandardScaler().fit(IMAGES))
