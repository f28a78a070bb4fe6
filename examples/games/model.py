"""The tavern's recommender: a naive Bayes classifier of the catalogue and of past rentals."""

from typing import Any, Literal, Self, TypeAlias

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.pipeline import Pipeline

from estimators import BernoulliNB, CatalogueNB, ComplementNB, MultinomialNB
from examples.games.data import load_games
from examples.games.rentals import simulate_rentals
from pipelines import RecommenderPipeline, game_recommender, recommend, recommender

Word: TypeAlias = Literal["catalogue", "complement", "multinomial", "bernoulli"]
CLASSIFIERS: dict[Word, type] = {
    "catalogue": CatalogueNB,
    "complement": ComplementNB,
    "multinomial": MultinomialNB,
    "bernoulli": BernoulliNB,
}

# The settings of complement naive Bayes, chosen by the search of `python -m examples.games evaluate`; see
# docs/games-evaluation.json.
BUDGET_WEIGHT = 4.0
CATALOGUE_SHARE = 0.9
ALPHA = 0.1
NORM = False

LIKED = 3  # rentals rated below this are not used for training


class CatalogueFirst(ClassifierMixin, BaseEstimator):
    """A recommender trained on the catalogue, one row per game, and on past rentals.

    This class is meant for classifiers other than CatalogueNB, which do not distinguish descriptions from
    rentals. The catalogue makes it possible to recommend games that nobody has rented yet. With a large
    `catalogue_share`, a game's own budget and types count more than the rentals.

    Parameters
    ----------
    recommender : Pipeline
        An unfitted recommender, such as :func:`pipelines.game_recommender` returns.
    catalogue : DataFrame with title, budget and gameplay_types
        The games that can be recommended.
    catalogue_share : float, default=None
        The catalogue's share of the total sample weight, in (0, 1]. With 0.9, the total weight of its rows is
        nine times that of the rentals. With 1, the rentals are not used. If None, every row has a weight of
        1.
    """

    def __init__(
        self, recommender: Pipeline, catalogue: pl.DataFrame, catalogue_share: float | None = None
    ) -> None:
        self.recommender = recommender
        self.catalogue = catalogue
        self.catalogue_share = catalogue_share

    def fit(self, X: pl.DataFrame, y: Any) -> Self:
        """Fit on the catalogue and on the rentals, with requests X and titles y of shape (n_rentals,)."""
        games = self.catalogue
        if self.catalogue_share == 1:
            X, y = X.clear(), []
        asked = pl.concat([question_rows(games), question_rows(X)])
        titles = np.concatenate([games["title"].to_numpy(), np.asarray(y)])
        self.recommender_ = clone(self.recommender).fit(asked, titles, **self._weights(len(titles)))
        self.classes_ = self.recommender_.classes_
        return self

    def _weights(self, n_rows: int) -> dict[str, np.ndarray]:
        """Return the sample weights for `fit`, of shape (n_rows,). The rows of the catalogue come first."""
        n_games, share = self.catalogue.height, self.catalogue_share
        if share is None or n_rows == n_games:
            return {}
        of_a_game = share / (1 - share) * (n_rows - n_games) / n_games
        return {"classify__sample_weight": np.repeat([of_a_game, 1.0], [n_games, n_rows - n_games])}

    def top_k(self, X: pl.DataFrame, k: int = 5) -> tuple[np.ndarray, np.ndarray]:
        """Return the k best games for each request and their scores, both of shape (n_requests, k)."""
        return recommend(self.recommender_, X, k)

    def predict(self, X: pl.DataFrame) -> np.ndarray:
        """Return the best game for each request, of shape (n_requests,)."""
        return self.top_k(X, 1)[0][:, 0]


def question_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the two columns that the recommender reads, cast to the types that it expects."""
    return frame.select(pl.col("budget").cast(pl.String), pl.col("gameplay_types").cast(pl.List(pl.String)))


def question(budget: str | None, gameplay_types: list[str]) -> pl.DataFrame:
    """Return one request as a frame with one row."""
    schema = {"budget": pl.String, "gameplay_types": pl.List(pl.String)}
    return pl.DataFrame({"budget": [budget], "gameplay_types": [gameplay_types]}, schema=schema)


def plain_recommender(games: pl.DataFrame) -> CatalogueFirst:
    """Return the recommender with default hyperparameters. All rows and columns have a weight of 1."""
    return CatalogueFirst(game_recommender(classifier="complement"), games)


def tuned_recommender(games: pl.DataFrame) -> CatalogueFirst:
    """Return the recommender that uses complement naive Bayes, with the settings found by the search."""
    classifier = ComplementNB(alpha=ALPHA, norm=NORM, new_classes="add")
    recommender = game_recommender(
        classifier=classifier, weights={"budget": BUDGET_WEIGHT, "gameplay_types": 1.0}
    )
    return CatalogueFirst(recommender, games, CATALOGUE_SHARE)


def catalogue_recommender(
    games: pl.DataFrame, with_history: bool = False, **settings: float
) -> RecommenderPipeline:
    """Return the tavern's recommender. CatalogueNB has its default hyperparameters except for `settings`.

    With `with_history`, it also reads the titles in the column "history".
    """
    return recommender(
        categories="budget",
        lists="gameplay_types",
        history="history" if with_history else None,
        catalogue=question_rows(games).with_columns(games["title"]),
        label="title",
        classifier=CatalogueNB(**settings),
    )


def tavern_recommender(
    games: pl.DataFrame, classifier: Word = "catalogue"
) -> RecommenderPipeline | CatalogueFirst:
    """Return the unfitted recommender with the classifier of this name. The tavern uses CatalogueNB."""
    if classifier == "catalogue":
        return catalogue_recommender(games)
    if classifier == "complement":
        return tuned_recommender(games)
    return CatalogueFirst(game_recommender(classifier=classifier), games)


def load_training_data(n_customers: int = 2000) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the games that the tavern recommends, and the rentals that customers liked."""
    games = load_games().filter(pl.col("top_rated"))
    rentals = simulate_rentals(games, n_customers)
    return games, rentals.filter(pl.col("rating") >= LIKED)


def train(classifier: Word = "catalogue") -> Pipeline:
    """Return the fitted recommender, a scikit-learn Pipeline of an encoder and a classifier."""
    games, rentals = load_training_data()
    model = tavern_recommender(games, classifier).fit(question_rows(rentals), rentals["title"])
    return model.recommender_ if isinstance(model, CatalogueFirst) else model
