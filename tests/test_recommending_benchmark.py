"""The benchmark of recommendations, on ratings that are made up. The real ones are read by the command only."""

import io

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from rich.console import Console
from sklearn.metrics import ndcg_score

from benchmarks import recommending
from benchmarks.recommending import Ratings, compare, halved, judge, ndcg

N_PEOPLE, N_FILMS = 60, 24


@pytest.fixture(scope="module")
def data():
    """People like one of two kinds of films and rate both; each kind has its genres."""
    rng = np.random.default_rng(0)
    kind = np.arange(N_FILMS) % 2
    frames = []
    for user in range(N_PEOPLE):
        films = rng.permutation(N_FILMS)[:16]
        liked = np.where(kind[films] == user % 2, 5.0, 2.0)
        frames.append(pd.DataFrame({"user": user, "film": films, "rating": liked}))
    genres = np.eye(4)[kind * 2] + np.eye(4)[kind * 2 + rng.integers(0, 2, N_FILMS)] > 0
    is_of = np.hstack([genres, np.eye(2)[rng.integers(0, 2, N_FILMS)]]).astype(float)
    return Ratings(
        halved(pd.concat(frames, ignore_index=True)), sp.csr_array(is_of), ["genre"] * 4 + ["decade"] * 2
    )


def test_the_first_half_of_a_persons_ratings_is_early():
    early = halved(pd.DataFrame({"user": [1, 0, 1, 1, 0], "film": [5, 6, 7, 8, 9]}))["early"]
    assert early.tolist() == [True, True, False, False, False]


def test_a_profile_names_what_a_person_likes(data):
    profile = data.profiles.toarray()
    assert (profile.sum(axis=1) == recommending.N_GENRES + 1).all()
    assert (profile[::2, 0] == 1).all()  # every film of the first kind has the first genre
    assert (profile[1::2, 2] == 1).all()


def test_known_are_the_likes_of_some_people_and_the_histories_of_others(data):
    known, train = data.known(np.arange(10)).toarray(), np.arange(10)
    assert (known[train] == data.matrix(data.liked)[train].toarray()).all()
    assert (known[10:] == data.history[10:].toarray()).all()


def test_ndcg_equals_scikit_learns_and_leaves_out_what_was_seen(data):
    scores = np.random.default_rng(1).random((N_PEOPLE, N_FILMS))
    found = ndcg(data, scores, np.arange(N_PEOPLE))
    relevant = data.matrix(data.later).toarray()
    for user in np.flatnonzero(relevant.any(axis=1)):
        new = data.seen[[user]].toarray()[0] == 0
        expected = ndcg_score([relevant[user, new]], [scores[user, new]], k=10)
        assert found[user] == pytest.approx(expected)
    assert np.isnan(found[~relevant.any(axis=1)]).all()


@pytest.mark.parametrize("task", ["cold", "warm"])
def test_every_model_learns_what_people_like(data, task):
    models = recommending.cold(True) if task == "cold" else recommending.WARM
    for name, (make, grid) in models.items():
        if name.startswith("implicit"):
            continue  # of an extra that is not everywhere
        fewer = {"k": [5]} if name == "nearest neighbours" else {key: some[:1] for key, some in grid.items()}
        values, chosen = judge(data, (make, fewer))
        assert len(chosen) == recommending.FOLDS
        assert np.nanmean(values) > (0.6 if "popular" not in name else 0.2), name


def test_a_comparison_has_a_row_for_each_model(data):
    some = {name: recommending.cold(False)[name] for name in (recommending.OURS, "most popular")}
    ours, other = compare(data, "cold", some, Console(file=io.StringIO()))
    assert ours["gap"] == 0
    assert other["gap"] == pytest.approx(ours["ndcg"] - other["ndcg"])
    assert other["gap"] > other["half_width"] > 0
    assert [len(recommending.cells(row)) for row in (ours, other)] == [len(recommending.HEADINGS)] * 2
