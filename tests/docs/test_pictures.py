"""Every picture of the guide has a text that says what it shows, for who cannot see it."""

from pathlib import Path

import matplotlib.pyplot as plt
import pytest

EXTENSIONS = Path(__file__).parents[2] / "docs" / "_extensions"


@pytest.fixture
def describe(monkeypatch):
    monkeypatch.syspath_prepend(str(EXTENSIONS))
    from pictures import describe

    yield describe
    plt.close("all")


def test_titles_axes_and_legends_are_named(describe):
    figure, axis = plt.subplots()
    axis.plot([1, 2], label="at first")
    axis.plot([2, 3], label="then")
    axis.set(title="A week", xlabel="day", ylabel="doughs")
    axis.legend()
    figure.suptitle("The\npizzeria")
    assert describe(figure) == "The pizzeria. A week: doughs against day: at first; then"


def test_words_at_the_ticks_stand_in_for_a_label_and_numbers_do_not(describe):
    figure, (days, numbers) = plt.subplots(1, 2)
    days.bar(["Monday", "Tuesday"], [1, 2])
    numbers.plot([1, 2])
    assert describe(figure) == "Monday; Tuesday"


def test_all_three_axes_of_a_surface_are_named(describe):
    figure, axis = plt.subplots(subplot_kw={"projection": "3d"})
    axis.set(xlabel="weight", ylabel="bias", zlabel="loss")
    assert describe(figure) == "loss against bias against weight"
