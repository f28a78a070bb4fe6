"""Similar items, and the trade-off between relevance and diversity."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import KNeighborsClassifier

from estimators import CatalogueNB, ComplementNB
from pipelines import diversify, recommend, recommender, similar_items
from tests.pipelines.films import ASKED, CHOSEN, COLUMNS, FILMS


@pytest.fixture
def films(frame):
    return recommender(**COLUMNS, catalogue=frame(FILMS), label="title").fit(frame(ASKED), CHOSEN)


def test_similarity_is_the_cosine_of_what_the_films_are(films, frame):
    encoded = films[0].transform(frame(FILMS)).toarray()
    expected = cosine_similarity(encoded)
    for place, title in enumerate(FILMS["title"]):
        labels, similarities = similar_items(films, title, 9)
        assert title not in labels
        of_label = dict(zip(labels.tolist(), similarities, strict=True))
        for other, value in zip(FILMS["title"], expected[place], strict=True):
            assert of_label.get(other, 0.0) == pytest.approx(0 if other == title else value)
        assert (np.diff(similarities) <= 1e-12).all()


def test_equally_similar_items_are_ordered_by_popularity():
    is_of = np.array([[1, 0], [1, 0], [1, 0], [0, 1]])
    model = CatalogueNB().fit(is_of, list("abcd"), describes=[True] * 4)
    model = model.partial_fit([[0, 1]] * 3, ["c", "c", "b"])
    labels, similarities = similar_items(model, "a")
    assert labels.tolist() == ["c", "b"]
    assert similarities.tolist() == [1.0, 1.0]
    assert similar_items(model, "a", k=1)[0].tolist() == ["c"]
    assert similar_items(model, "d")[0].tolist() == []


def test_without_descriptions_items_are_similar_if_the_same_was_asked_for():
    counts = np.array([[4, 0, 0], [2, 2, 0], [0, 0, 5]])
    labels, similarities = similar_items(ComplementNB().fit(counts, ["a", "b", "c"]), "a")
    assert labels.tolist() == ["b"]
    assert similarities == pytest.approx([np.sqrt(0.5)])


def test_what_similar_items_refuses(films):
    with pytest.raises(
        ValueError, match=r"one of the 6 classes.*Got 'Allien' instead. Did you mean 'Alien'\?"
    ):
        similar_items(films, "Allien")
    with pytest.raises(ValueError, match="'k' parameter of similar_items must be an int"):
        similar_items(films, "Alien", 0)
    neighbours = KNeighborsClassifier(1).fit(np.eye(2), ["a", "b"])
    with pytest.raises(TypeError, match="must end in a naive Bayes classifier of this library"):
        similar_items(neighbours, "a")


def marginal_relevance(relevance, similarity, k, diversity):
    """The definition of Carbonell and Goldstein, over all candidates that are left, each time."""
    chosen = []
    while len(chosen) < min(k, len(relevance)):
        left = [i for i in range(len(relevance)) if i not in chosen]
        values = [
            (1 - diversity) * relevance[i] - diversity * max((similarity[i, j] for j in chosen), default=0)
            for i in left
        ]
        chosen.append(left[int(np.argmax(values))])
    return chosen


@pytest.mark.parametrize("diversity", [0.0, 0.3, 0.5, 0.8, 1.0])
def test_diversify_follows_the_definition(films, frame, diversity):
    labels, scores = recommend(films, frame(ASKED)[:3], 6)
    mine, their_scores = diversify(films, labels, scores, 4, diversity=diversity)
    similarity = cosine_similarity(films[0].transform(frame(FILMS)))
    for row in range(3):
        order = [FILMS["title"].index(label) for label in labels[row]]
        relevance = (scores[row] - scores[row].min()) / (scores[row].max() - scores[row].min())
        expected = marginal_relevance(relevance, similarity[np.ix_(order, order)], 4, diversity)
        assert mine[row].tolist() == labels[row, expected].tolist()
        assert their_scores[row].tolist() == scores[row, expected].tolist()


def test_no_diversity_changes_nothing_and_rows_may_be_padded(films):
    labels, scores = recommend(
        films,
        [{"genres": ["Comedy"]}, {"genres": ["Crime"]}],
        6,
        candidates=[FILMS["title"], ["Heat", "Clue"]],
    )
    same, same_scores = diversify(films, labels, scores, 6, diversity=0.0)
    np.testing.assert_array_equal(same, labels)
    np.testing.assert_array_equal(same_scores, scores)
    varied, _ = diversify(films, labels, scores, 3, diversity=1.0)
    assert varied[0, 0] == labels[0, 0]
    assert varied[1, 2] is None
    assert set(varied[1, :2]) == {"Heat", "Clue"}
    assert diversify(films, labels[:, :2], scores[:, :2], 5)[0].shape == (2, 2)


def test_what_diversify_refuses(films):
    labels, scores = recommend(films, {"genres": ["Comedy"]}, 3)
    for diversity in (-0.1, 1.1, np.nan):
        with pytest.raises(
            ValueError, match=r"'diversity' parameter of diversify must be in the range \[0, 1\]"
        ):
            diversify(films, labels, scores, diversity=diversity)
    with pytest.raises(ValueError, match=r"Got the shapes \(3,\) and \(3,\) instead"):
        diversify(films, labels[0], scores[0])
    with pytest.raises(ValueError, match="must contain only classes of the model. Got 'Jaws'"):
        diversify(films, [["Jaws"]], [[1.0]])
    with pytest.raises(ValueError, match="'k' parameter of diversify must be an int"):
        diversify(films, labels, scores, 0)


def made_shop(n_items=80, n_people=600, seed=0):
    """Items of one to two of eight kinds. People ask for the kind of an item that they then choose."""
    rng = np.random.default_rng(seed)
    kinds = [sorted({f"kind {rng.integers(8)}", f"kind {rng.integers(8)}"}) for _ in range(n_items)]
    popularity = rng.pareto(1.5, n_items) + 0.1
    chosen = rng.choice(n_items, n_people, p=popularity / popularity.sum())
    asked = [[str(rng.choice(kinds[i]))] for i in chosen]
    return (
        {"item": [f"item {i}" for i in range(n_items)], "kinds": kinds},
        asked,
        [f"item {i}" for i in chosen],
    )


def test_the_trade_off_of_diversity(frame):
    """Measured on made data: more diversity, less alike, and the hits fall slowly at first.

    With 0.3, lists of five are about 10 % less alike and lose 5 % of the hits; with 0.6, 40 % and 15 to 20 %.
    """
    items, asked, chosen = made_shop()
    model = recommender(lists="kinds", catalogue=frame(items), label="item")
    model.fit(frame({"kinds": asked[:400]}), chosen[:400])
    of_item = dict(zip(items["item"], cosine_similarity(model[0].transform(frame(items))), strict=True))
    place = {label: i for i, label in enumerate(items["item"])}
    labels, scores = recommend(model, frame({"kinds": asked[400:]}), 25)
    hits, alike = [], []
    for diversity in (0.0, 0.3, 0.6):
        shown, _ = diversify(model, labels, scores, 5, diversity=diversity)
        hits.append(np.mean([label in row for label, row in zip(chosen[400:], shown.tolist(), strict=True)]))
        pairs = [(one, other) for row in shown.tolist() for one, other in combinations(row, 2)]
        alike.append(np.mean([of_item[one][place[other]] for one, other in pairs]))
    assert alike[0] > alike[1] > alike[2]
    assert hits[0] >= hits[1] >= hits[2]
    np.testing.assert_allclose(1 - np.array(alike[1:]) / alike[0], [0.10, 0.40], atol=0.03)
    np.testing.assert_allclose(1 - np.array(hits[1:]) / hits[0], [0.05, 0.17], atol=0.05)
