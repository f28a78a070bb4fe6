"""Forecasts: numbers, service levels, kinds of evenings, words."""

import math
import pickle
from datetime import date, datetime

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

from pipelines import (
    ExtrapolationWarning,
    TooFewRowsWarning,
    dough_forecaster,
    forecast,
    load_model,
    read_card,
    save_model,
    weights_in_words,
)
from pipelines.forecast import MONTHS, WEEKDAYS, EveningReader, ServiceLevelRegressor
from tests.effort import effort
from tests.pipelines.evenings import EVENING, FRAMES, FULL, WEEK, full_year
from tests.pipelines.saved import assert_public

# The numbers


@pytest.mark.parametrize("frame", FRAMES)
def test_the_week_is_its_least_squares_line(frame):
    week = frame(WEEK)
    model = dough_forecaster(degree=1).fit(week, week["doughs"])
    at_zero, at_one, at_fifteen = model.predict(frame({"reservations": [0, 1, 15]}))
    assert at_one - at_zero == pytest.approx(2.3761, abs=5e-5)  # the original's published line
    assert at_zero == pytest.approx(17.1770, abs=5e-5)
    assert at_fifteen == pytest.approx(52.8, abs=0.05)
    slope, intercept = np.polyfit(WEEK["reservations"], WEEK["doughs"], 1)
    assert at_zero == pytest.approx(intercept, rel=1e-9)
    assert at_one - at_zero == pytest.approx(slope, rel=1e-9)
    answer = forecast(model, {"reservations": 15})
    assert answer.tolist() == [53]
    assert answer.dtype.kind == "i"


@pytest.mark.parametrize("degree", [1, 2, 5])
def test_one_number_is_numpys_polynomial(degree):
    rng = np.random.default_rng(degree)
    x = rng.integers(1, 60, 200)
    y = 9.5 * np.log2(x) + rng.normal(15, 1, 200)
    evenings = pl.DataFrame({"reservations": x})
    expected = np.polynomial.Chebyshev.fit(x, y, degree)(x)
    assert dough_forecaster(degree=degree).fit(evenings, y).predict(evenings) == pytest.approx(
        expected, rel=1e-6
    )


def test_only_the_numbers_are_raised_to_powers(full_model):
    year = pd.DataFrame(full_year())
    assert full_model.predict(year) == pytest.approx(year["doughs"].to_numpy(), abs=1e-6)

    # scikit-learn's parts: powers and products of the two numbers, dummies of the rest
    def design(frame):
        numbers = frame[["reservations", "temperature"]]
        return np.hstack(
            [
                PolynomialFeatures(2, include_bias=False).fit_transform(numbers),
                *([(frame["weekday"] == day).to_numpy()[:, None] for day in WEEKDAYS[1:]]),
                *([(frame["month"] == month).to_numpy()[:, None] for month in MONTHS[1:]]),
                frame[["holiday", "event"]].to_numpy(),
            ]
        ).astype(float)

    noisy = pd.DataFrame(full_year(seed=1, noise=5.0))
    peer = make_pipeline(StandardScaler(), LinearRegression()).fit(design(noisy), noisy["doughs"])
    model = dough_forecaster(FULL).fit(noisy, noisy["doughs"])
    assert model.predict(year) == pytest.approx(peer.predict(design(year)), abs=1e-4)


def test_alpha_and_l1_ratio_shrink_the_weights():
    week = pl.DataFrame(WEEK)
    slopes = []
    for penalty in ({}, {"alpha": 1.0}, {"alpha": 1.0, "l1_ratio": 1.0}):
        model = dough_forecaster(degree=1, **penalty).fit(week, week["doughs"])
        slopes.append(np.diff(model.predict(pl.DataFrame({"reservations": [10, 11]})))[0])
    assert slopes[0] > max(slopes[1:])
    assert slopes[1] != pytest.approx(slopes[2])


def test_features_without_numbers_and_numbers_of_ones_own():
    year = full_year() | {"rain": np.linspace(-1, 1, 300)}
    model = dough_forecaster(("weekday", "holiday")).fit(pl.DataFrame(year), year["doughs"])
    frame = pd.DataFrame(year)
    table = pd.crosstab(frame["weekday"], frame["holiday"])
    assert model.predict(frame).mean() == pytest.approx(frame["doughs"].mean(), rel=1e-9)
    assert len(np.unique(model.predict(frame).round(6))) == (table > 0).to_numpy().sum()
    of_rain = dough_forecaster(("rain",), 1).fit(frame, 3 * frame["rain"] + 7)
    assert forecast(of_rain, {"rain": -1}).tolist() == [4]
    assert weights_in_words(of_rain) == ["each unit of 'rain' adds 3.0 doughs"]


# Whole numbers


def test_a_forecast_is_whole_and_never_negative():
    evenings = pd.DataFrame({"reservations": [10, 20]})
    model = dough_forecaster(degree=1, cv=2).fit(evenings, [1, 20])
    with pytest.warns(ExtrapolationWarning):
        assert forecast(model, {"reservations": 0}).tolist() == [0]
    assert model.predict({"reservations": 0}) == pytest.approx([-18])
    assert forecast(model, [{"reservations": 10}, {"reservations": 15}, {"reservations": 20}]).tolist() == [
        1,
        11,
        20,
    ]


# Service levels


def test_the_margin_is_the_order_statistic_of_held_out_residuals(week_model):
    x, y = np.array(WEEK["reservations"]), np.array(WEEK["doughs"])
    held_out = []
    for i in range(5):  # five evenings are five folds
        others = np.arange(5) != i
        held_out.append(y[i] - np.polyval(np.polyfit(x[others], y[others], 1), x[i]))
    held_out.sort()
    forecaster = week_model["forecast"]
    assert forecaster.residuals_ == pytest.approx(held_out, rel=1e-6)
    for level in (0.1, 0.5, 2 / 3, 0.8):
        assert forecaster.margin(level) == pytest.approx(held_out[math.ceil(6 * level) - 1], rel=1e-6)
    line = np.polyval(np.polyfit(x, y, 1), 15)
    assert forecast(week_model, {"reservations": 15}, 0.8).tolist() == [math.floor(line + held_out[4])]


def test_ten_evenings_at_nine_in_ten_take_the_ninth_place_of_nine():
    evenings = pd.DataFrame({"reservations": range(9)})
    model = dough_forecaster(degree=1, cv=9).fit(evenings, [0, 3, 1, 4, 2, 9, 5, 6, 8])
    assert model["forecast"].margin(0.9) == model["forecast"].residuals_[8]
    assert model["forecast"].margin(0.8) == model["forecast"].residuals_[7]


@pytest.fixture(scope="module")
def many_years():
    """Return a model, its later evenings and their doughs for each of 40 years."""
    years = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        x = rng.integers(1, 60, 340)
        y = np.rint(rng.uniform(1.7, 2.3, 340) * x + rng.uniform(4.6, 5.4, 340))  # the linear law
        evenings = pl.DataFrame({"reservations": x})
        years.append((dough_forecaster(degree=1).fit(evenings[:240], y[:240]), evenings[240:], y[240:]))
    return years


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9])
def test_the_service_level_holds_over_many_years(many_years, level):
    covered = [(doughs <= forecast(model, later, level)).mean() for model, later, doughs in many_years]
    # of 4,000 evenings: three standard errors, those of the training's order statistics included
    assert np.mean(covered) == pytest.approx(
        level, abs=3 * np.sqrt(level * (1 - level) * (1 / 4000 + 1 / 9600))
    )


@settings(max_examples=effort(25, 5))
@given(
    evenings=st.lists(st.tuples(st.integers(0, 59), st.integers(0, 200)), min_size=9, max_size=30),
    levels=st.tuples(st.floats(0.01, 0.9), st.floats(0.01, 0.9)),
)
def test_a_higher_level_is_never_less_dough_and_all_is_whole(evenings, levels):
    frame = pl.DataFrame(evenings, schema=["reservations", "doughs"], orient="row")
    model = dough_forecaster(degree=1, cv=3).fit(frame, frame["doughs"])
    less, more = (forecast(model, frame, level) for level in sorted(levels))
    assert less.dtype == more.dtype == np.int64
    assert (less >= 0).all()
    assert (less <= more).all()


def test_doughs_that_are_not_whole_are_covered_too():
    x = np.arange(1, 40)
    model = dough_forecaster(degree=1).fit(pl.DataFrame({"reservations": x}), 2 * x + 0.5)
    assert forecast(model, {"reservations": 10}, 0.9).tolist() == [21]


@pytest.mark.parametrize("level", [0, 1, -0.1, 1.5, "0.9", float("nan"), None])
def test_a_service_level_is_between_0_and_1(week_model, level):
    if level is None:
        assert forecast(week_model, {"reservations": 15}, None).tolist() == [53]
        return
    with pytest.raises(
        ValueError, match=r"'service_level' parameter must be a number between 0 and 1, exclusive\. Got "
    ):
        forecast(week_model, {"reservations": 15}, level)


@pytest.mark.parametrize(("level", "least"), [(0.9, 9), (0.95, 19), (0.99, 99), (0.84, 6)])
def test_too_few_evenings_for_a_level(week_model, level, least):
    message = rf"service_level of {level} requires the errors on at least {least} held-out rows\. The model has only 5, which allow"
    with pytest.raises(ValueError, match=message):
        week_model["forecast"].margin(level)
    message = f"A service level of {level} requires the errors on at least {least} held-out rows. The model has only 5,"
    with pytest.warns(TooFewRowsWarning, match=message) as caught:
        doughs = forecast(week_model, {"reservations": 15}, level)
    assert caught[0].filename == __file__
    assert doughs.tolist() == forecast(week_model, {"reservations": 15}, 5 / 6).tolist()


def test_without_folds_there_is_no_service_level():
    week = pl.DataFrame(WEEK)
    model = dough_forecaster(degree=1, cv=0).fit(week, week["doughs"])
    assert forecast(model, {"reservations": 15}).tolist() == [53]
    with pytest.raises(ValueError, match="The model has none, because it was fitted with cv=0"):
        forecast(model, {"reservations": 15}, 0.5)


# Kinds of evenings


def test_pandas_polars_and_dicts_give_equal_answers(full_model):
    year = full_year(seed=2)
    rows = pl.DataFrame(year).to_dicts()
    answers = [full_model.predict(X) for X in (pd.DataFrame(year), pl.DataFrame(year), rows)]
    assert (answers[0] == answers[1]).all()
    assert (answers[0] == answers[2]).all()
    assert full_model.predict(rows[3])[0] == pytest.approx(answers[0][3], rel=1e-12)
    of_pandas = clone(full_model).fit(pd.DataFrame(full_year()), full_year()["doughs"])
    assert (of_pandas.predict(rows) == answers[0]).all()


def test_categories_nullable_numbers_and_flags_of_every_kind():
    year = full_year()
    frames = [
        pd.DataFrame(year).astype({"weekday": "category", "reservations": "Int64", "holiday": "boolean"}),
        pl.DataFrame(year).with_columns(
            pl.col("weekday").cast(pl.Categorical), pl.col("holiday").cast(pl.Int8)
        ),
        pd.DataFrame(year).astype({"month": "string", "temperature": "float64", "event": "float64"}),
    ]
    answers = [dough_forecaster(FULL).fit(frame, year["doughs"]).predict(frame) for frame in frames]
    assert (answers[0] == answers[1]).all()
    assert (answers[0] == answers[2]).all()


@pytest.mark.parametrize(
    "day", ["2025-06-13", date(2025, 6, 13), datetime(2025, 6, 13, 19, 30), pd.Timestamp("2025-06-13")]
)
def test_a_date_gives_the_weekday_and_the_month(full_model, day):
    asked = {key: value for key, value in EVENING.items() if key not in ("weekday", "month")}
    assert (full_model.predict(asked | {"date": day}) == full_model.predict(EVENING)).all()
    frames = [pd.DataFrame([asked | {"date": pd.Timestamp(day)}]), pl.DataFrame([asked | {"date": day}])]
    for frame in frames:
        assert (full_model.predict(frame) == full_model.predict(EVENING)).all()


@pytest.mark.parametrize("out", ["pandas", "polars", "default"])
def test_set_output(out):
    year = pl.DataFrame(full_year())
    model = dough_forecaster(FULL).set_output(transform=out).fit(year, year["doughs"])
    assert forecast(model, EVENING, 0.9).dtype == np.int64
    assert model[:-1].get_feature_names_out()[:3].tolist() == [
        "reservations",
        "temperature",
        "weekday_Monday",
    ]


# scikit-learn's tools


@pytest.mark.parametrize("frame", FRAMES)
def test_cross_validation_and_search(frame):
    rng = np.random.default_rng(0)
    x = rng.integers(1, 60, 200)
    evenings = frame({"reservations": x, "doughs": np.rint(9.5 * np.log2(x) + 15)})
    scores = cross_val_score(dough_forecaster(cv=0), evenings, evenings["doughs"], cv=3, scoring="r2")
    assert scores.min() > 0.9
    grid = {"forecast__regressor__degree": [1, 2, 4], "read__features": [("reservations",)]}
    search = GridSearchCV(dough_forecaster(), grid, cv=3).fit(evenings, evenings["doughs"])
    assert search.best_params_["forecast__regressor__degree"] == 4
    assert (
        forecast(search, {"reservations": 32}, 0.9).tolist()
        == forecast(search.best_estimator_, {"reservations": 32}, 0.9).tolist()
    )
    assert weights_in_words(search)[0].startswith("at ")


def test_clone_and_joblib_answer_alike(full_model, tmp_path):
    expected = full_model.predict(EVENING)
    joblib.dump(full_model, tmp_path / "m.joblib")
    assert (joblib.load(tmp_path / "m.joblib").predict(EVENING) == expected).all()
    year = pl.DataFrame(full_year())
    assert (clone(full_model).fit(year, year["doughs"]).predict(EVENING) == expected).all()


@pytest.mark.parametrize("ending", ["joblib", "skops"])
def test_saved_models_answer_alike(full_model, tmp_path, ending):
    year = pl.DataFrame(full_year())
    path = tmp_path / f"doughs.{ending}"
    card = save_model(full_model, path, X=year, y=year["doughs"], questions=[EVENING])
    loaded = load_model(card, expected=ServiceLevelRegressor)
    assert (loaded.predict(EVENING) == full_model.predict(EVENING)).all()
    assert forecast(loaded, EVENING, 0.9).tolist() == forecast(full_model, EVENING, 0.9).tolist()
    assert read_card(card)["final_class"] == "pipelines.forecast_ranges.ServiceLevelRegressor"


CHECKS = list(estimator_checks_generator(ServiceLevelRegressor(LinearRegression(), cv=3)))


@pytest.mark.parametrize(
    ("estimator", "check"), CHECKS, ids=lambda value: getattr(getattr(value, "func", None), "__name__", "")
)
def test_scikit_learns_contract(estimator, check):
    check(estimator)


def test_the_contract_was_collected():
    assert len(CHECKS) >= 50


def test_the_folds_are_scikit_learns():
    year = full_year(noise=3.0)
    X = np.column_stack([year["reservations"], year["temperature"]])
    model = ServiceLevelRegressor(LinearRegression(), cv=4, whole=True).fit(X, year["doughs"])
    expected = []
    for training, held_out in KFold(4, shuffle=True, random_state=0).split(X):
        peer = LinearRegression().fit(X[training], year["doughs"][training])
        expected += (np.ceil(year["doughs"][held_out]) - peer.predict(X[held_out])).tolist()
    assert model.residuals_ == pytest.approx(sorted(expected))


# In words


def test_weights_in_words_are_the_laws(full_model):
    words = weights_in_words(full_model, {"reservations": 10, "temperature": 20})
    assert words[0] == "at 10 reservations, 20 degrees:"
    # 2 (x + 1) - 0.02 (x + 1)^2 less the same at x = 10: 2 - 0.02 * 21
    assert "one more reservation adds 1.6 doughs" in words
    assert "one more degree adds 0.5 doughs" in words
    assert "Saturday is 4.3 doughs above an average weekday" in words  # 5 - 5 / 7
    assert "Monday is 0.7 doughs below an average weekday" in words  # 0 - 5 / 7
    (august,) = [text for text in words if text.startswith("August is")]
    assert august in [
        f"August is {amount} doughs below an average month" for amount in (2.7, 2.8)
    ]  # 3 - 3 / 12
    assert "a holiday adds 12.0 doughs" in words
    assert "an event adds 20.0 doughs" in words
    assert len(words) == 1 + 2 + 7 + 12 + 2
    at_forty = weights_in_words(full_model, {"reservations": 40, "event": True})
    assert "one more reservation adds 0.4 doughs" in at_forty  # 2 - 0.02 * 81 = 0.38
    at_sixty = weights_in_words(full_model, {"reservations": 59, "weekday": "Saturday"})
    assert "one more reservation takes 0.4 doughs away" in at_sixty  # 2 - 0.02 * 119 = -0.38
    assert "Saturday is 4.3 doughs above an average weekday" in at_sixty


def test_a_line_is_the_same_everywhere(week_model):
    assert weights_in_words(week_model) == ["each reservation adds 2.4 doughs"]
    assert weights_in_words(week_model, {"reservations": 1, "mood": "good"}) == weights_in_words(week_model)


def test_what_did_not_occur_is_not_spoken_of():
    year = {key: value[:3] for key, value in full_year().items()}
    year |= {"weekday": ["Friday", "Tuesday", "Friday"], "event": [False] * 3, "holiday": [False] * 3}
    model = dough_forecaster(("weekday", "event", "holiday"), 1).fit(pl.DataFrame(year), [10.0, 7.0, 10.0])
    assert weights_in_words(model) == [
        "Tuesday is 1.5 doughs below an average weekday",
        "Friday is 1.5 doughs above an average weekday",
    ]


def test_states_of_evenings_add_up_in_any_order():
    year = pd.DataFrame(full_year())
    reader = EveningReader(FULL)
    one, two, three = (reader.additive_state(year[at]) for at in (slice(0, 7), slice(7, 8), slice(8, None)))
    expected = vars(EveningReader(FULL).fit(year))
    assert vars(EveningReader(FULL).fit_state(three.merge(one).merge(two))) == expected
    assert vars(EveningReader(FULL).fit_state(one.merge(two.merge(three)))) == expected
    assert not hasattr(reader, "range_")
    with pytest.raises(ValueError, match="can only be merged if their columns are the same"):
        one.merge(EveningReader(["reservations"]).additive_state(year))


@pytest.mark.parametrize("cv", [0, 10])
def test_a_pickle_holds_public_classes_only(cv):
    week = pd.DataFrame(WEEK)
    assert_public(pickle.dumps(dough_forecaster(degree=1, cv=cv).fit(week, week["doughs"])))
