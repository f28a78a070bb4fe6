"""Mistakes in catalogues, rows, labels and queries: errors and warnings that say what is wrong, and where."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from pipelines import UnknownQuestionWarning, compile_recommender, explain, recommend, recommender, update
from tests.pipelines.films import ASKED, CHOSEN, COLUMNS, FILMS


def of_films(frame, films=FILMS, **more):
    return recommender(**COLUMNS, catalogue=frame(films), label="title", **more)


@pytest.fixture
def fitted(frame):
    return of_films(frame).fit(frame(ASKED), CHOSEN)


def changed(cells, row, value):
    return [*cells[:row], value, *cells[row + 1 :]]


@pytest.mark.parametrize("ask", [recommend, lambda model, X: explain(model, X, "Heat")])
def test_a_text_in_a_column_of_numbers_is_named(fitted, ask):
    message = "^Column 'year' must contain only numbers or missing values. Got 'cheap' in row 0.$"
    with pytest.raises(ValueError, match=message):
        ask(fitted, {"year": "cheap"})
    with pytest.raises(ValueError, match=message):
        compile_recommender(fitted).recommend({"year": "cheap"})


def test_a_text_among_the_rows_or_in_the_catalogue_is_named(frame):
    years = [str(year) for year in FILMS["year"]]
    message = "^The column 'year' of {} is invalid. Column 'year' must .* Got 'old' in row {}"
    with pytest.raises(ValueError, match=message.format("the catalogue", 4)):
        of_films(frame, FILMS | {"year": changed(years, 4, "old")}).fit(frame(ASKED), CHOSEN)
    with pytest.raises(ValueError, match=message.format("X", 2)):
        of_films(frame).fit(frame(ASKED | {"year": changed(["1990"] * 8, 2, "old")}), CHOSEN)


def test_rows_of_the_catalogue_are_counted_from_its_first(frame):
    films = FILMS | {"year": changed([float(year) for year in FILMS["year"]], 5, np.inf)}
    with pytest.raises(ValueError, match="column 'year' of the catalogue is invalid.*Got inf in row 5"):
        of_films(frame, films).fit(frame(ASKED), CHOSEN)


@pytest.mark.parametrize(
    ("titles", "message"),
    [
        (
            changed(FILMS["title"], 1, None),
            "column 'title' .* must contain a label in each row. Row 1 has none",
        ),
        (changed(FILMS["title"], 3, "Alien"), "each label only once. Got 'Alien' in rows 1 and 3"),
        (list(range(6)), r"same type. Got 'Clue' \(str\) in y and 0 \(int\) in the catalogue"),
    ],
    ids=["missing", "twice", "numbers"],
)
def test_labels_of_the_catalogue_that_are_refused(frame, titles, message):
    with pytest.raises(ValueError, match=message):
        of_films(frame, FILMS | {"title": titles}).fit(frame(ASKED), CHOSEN)


def test_an_empty_catalogue_is_refused(frame):
    model = recommender(**COLUMNS, catalogue=frame(FILMS)[:0], label="title")
    with pytest.raises(ValueError, match="catalogue must contain at least one item"):
        model.fit(frame(ASKED), CHOSEN)


def test_the_catalogue_is_not_counted_among_the_rows(frame):
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[8, 7\]"):
        of_films(frame).fit(frame(ASKED), CHOSEN[1:])


def test_labels_that_the_catalogue_lacks_lead_to_a_warning(frame):
    labels = ["Clu", "Heta", *CHOSEN[2:]]
    message = r"not in the column 'title' of the catalogue: 'Clu' \(similar to 'Clue'\), 'Heta' \(similar to 'Heat'\)\. They"
    with pytest.warns(UserWarning, match=message):
        model = of_films(frame).fit(frame(ASKED), labels)
    assert {"Clu", "Heta"} < set(model.classes_)


def test_of_many_labels_that_the_catalogue_lacks_a_few_are_named(frame):
    model = recommender(lists="genres", catalogue=frame(FILMS | {"title": [*range(6)]}), label="title")
    with pytest.warns(UserWarning, match="100, 101, 102, 103, 104 and 3 more. They become items"):
        model.fit(frame(ASKED), [*range(100, 108)])


def test_an_update_with_an_unknown_label_or_only_unknown_values_warns(frame, fitted):
    with pytest.warns(UserWarning, match=r"earlier rows contain: 'Heta' \(similar to 'Heat'\)\. They become"):
        update(fitted, {"genres": ["Crime"]}, ["Heta"])
    with pytest.warns(UnknownQuestionWarning, match="1 of the 3 rows contain only values that") as caught:
        update(fitted, [{"genres": ["Western"]}, {"genres": ["Crime", "Western"]}, {}], ["Heat"] * 3)
    assert caught[0].filename == __file__
    rows = frame({name: cells[:1] for name, cells in FILMS.items()} | {"genres": [["Western"]]})
    with pytest.warns(UnknownQuestionWarning, match="^The row contains only values"):
        update(recommender(lists="genres").fit(frame(FILMS), FILMS["title"]), rows, ["Heat"])


def test_a_described_new_label_does_not_warn(fitted):
    update(fitted, [{"genres": ["Horror"]}] * 2, ["Jaws", "Jaws"], describes=[True, False])
    update(fitted, {"genres": ["Horror"]}, ["Jaws"])


def test_unknown_labels_to_exclude_lead_to_a_warning(fitted):
    message = "'exclude' parameter of recommend .*: 'Heta'. They are ignored. Did you mean 'Heat'"
    compiled = compile_recommender(fitted)
    for ask in (compiled.recommend, lambda *asked, **more: recommend(fitted, *asked, **more)):
        with pytest.warns(UserWarning, match=message) as caught:
            ask({"year": 1990}, exclude=["Heta", None, "Clue"])
        assert caught[0].filename == __file__
        ask({"year": 1990}, exclude=[None, "Clue"])


def test_a_history_may_contain_items_that_the_model_does_not_know(frame):
    model = recommender(history="seen").fit(frame({"seen": [["Heat"], ["Alien"]]}), ["Alien", "Heat"])
    assert recommend(model, {"seen": ["Heat", "gone"]}, exclude_history=True)[0].tolist() == [["Alien"]]


@pytest.mark.parametrize(
    ("name", "hint"),
    [("customer", " It has the columns 'author'."), ("Auhtor", r" Did you mean 'author'\?")],
)
def test_only_similar_names_are_suggested(frame, name, hint):
    with pytest.raises(ValueError, match=f"X must have the column '{name}'.{hint}$"):
        recommender(categories=name).fit(frame({"author": ["Eco", "Kafka"]}), ["a", "b"])


def test_a_frame_without_a_column_is_refused_by_name(fitted, frame):
    rows = {name: cells[:1] for name, cells in ASKED.items() if name in ("year", "genres")}
    message = "^A data frame .* must have the column 'studio'. It has the columns 'year', 'genres'. To omit"
    for ask in (
        recommend,
        lambda model, X: explain(model, X, "Heat"),
        lambda model, X: update(model, X, ["Heat"]),
    ):
        with pytest.raises(ValueError, match=message):
            ask(fitted, frame(rows))
    with pytest.raises(ValueError, match="must have the column 'studio'. Did you mean 'studios'?"):
        recommend(fitted, frame(rows | {"studios": ["Fox"]}))
    assert recommend(fitted, {name: cells[0] for name, cells in rows.items()})[0].shape == (1, 5)


def test_a_frame_without_a_history_is_refused_by_name(frame):
    rows = {"history": [["Clue"], ["Heat"]], "genres": [["Crime"], ["Horror"]]}
    model = recommender(lists="genres", history="history").fit(frame(rows), ["Heat", "Clue"])
    with pytest.raises(ValueError, match="must have the column 'history'. It has the columns 'genres'"):
        recommend(model, frame({"genres": [["Crime"]]}), exclude_history=True)


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ({"studio": "2"}, ValueError, "finite numbers of at least 0. Got '2' for the column 'studio'"),
        ({"studio": -2}, ValueError, "finite numbers of at least 0. Got -2 for the column 'studio'"),
        ({"genres": float("nan")}, ValueError, "of at least 0. Got nan for the column 'genres'"),
        ([2], TypeError, r"be a dict with a number for each column. Got \[2\]"),
    ],
    ids=["text", "negative", "nan", "list"],
)
def test_weights_that_are_no_numbers(weights, error, message):
    with pytest.raises(error, match=f"'weights' parameter of recommender must .*{message}"):
        recommender(categories="studio", lists="genres", weights=weights, classifier="complement")


@pytest.mark.parametrize(
    ("genres", "message"),
    [
        ({"Crime": 1}, r"Got \['dict'\] in column 'genres'"),
        ([["Crime"]], "Lists within lists are not supported"),
    ],
    ids=["a dict", "a list in a list"],
)
def test_a_cell_that_is_neither_a_list_nor_a_value(fitted, genres, message):
    with pytest.raises(TypeError, match=message):
        recommend(fitted, [{"genres": genres}])


def test_a_mask_of_the_wrong_shape_is_named(fitted):
    with pytest.raises(ValueError, match="'describes' parameter must be an array .* Got True instead"):
        update(fitted, {"year": 1990}, ["Heat"], describes=True)


@pytest.mark.parametrize("rows", ["Crime", ["Crime"], pd.Series({"genres": ["Crime"]})], ids=type)
def test_queries_without_columns_are_refused(fitted, rows):
    with pytest.raises(TypeError, match=r"must be a data frame, a dict .* Got a (str|list|Series) instead"):
        recommend(fitted, rows)


def test_arrow_tables_are_queries(fitted, frame):
    asked = pl.DataFrame(ASKED, strict=False)
    np.testing.assert_array_equal(recommend(fitted, asked.to_arrow())[0], recommend(fitted, asked)[0])


def test_a_history_of_another_type_leads_to_a_warning(frame):
    rows = frame({"history": [[1, 2], [2, 3], [1, 3]]})
    model = recommender(history="history").fit(rows, [3, 1, 2])
    message = "column 'history' must have the same type as the labels, such as 1. Got '1', '2'. No items"
    with pytest.warns(UnknownQuestionWarning), pytest.warns(UserWarning, match=message) as caught:
        recommend(model, {"history": ["1", "2"]}, exclude_history=True)
    assert all(warning.filename == __file__ for warning in caught)
    assert recommend(model, {"history": [1, 9]}, exclude_history=True, k=1)[0] != 1
