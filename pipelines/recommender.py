"""Recommenders: pipelines of encoders and a classifier, in which each item of a catalogue is a class."""

from collections.abc import Mapping
from typing import Any, Self

import sklearn
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import has_fit_parameter

from estimators import CatalogueNB
from pipelines._common.frames import Rows, as_frame, n_rows_of
from pipelines._common.labels import plain_labels
from pipelines._recommending.catalogue import (
    append,
    append_labels,
    append_ones,
    frame_of,
    from_plain,
    like,
    plain_column,
    select,
    to_plain,
)
from pipelines._recommending.checks import (
    check_cells,
    check_items,
    check_kinds,
    check_values,
    warn_of_undescribed,
)
from pipelines._recommending.classifiers import Word, classifier_of
from pipelines._recommending.columns import (
    Edges,
    Names,
    Step,
    column_steps,
    encoder_of,
    input_columns,
    multi_hot,
    one_hot,
    step_of_each_feature,
)

__all__ = ["RecommenderPipeline", "game_recommender", "recommender"]


def recommender(
    *,
    categories: Names = (),
    lists: Names = (),
    numbers: Names | Edges = (),
    history: str | None = None,
    catalogue: Rows | None = None,
    label: str | None = None,
    classifier: BaseEstimator | Word | None = None,
    weights: Mapping[str, float] | None = None,
) -> "RecommenderPipeline":
    """Return a pipeline that recommends the items of any catalogue. Each item is a class.

    Parameters
    ----------
    categories : str or sequence of str, default=()
        Names of columns that contain single values, such as a budget.

    lists : str or sequence of str, default=()
        Names of columns that contain lists of values, such as the requested genres.

    numbers : str, sequence of str, or dict of str to sequence of float, default=()
        Names of columns that contain numbers, such as a year. The numbers are divided into bins. A dict
        contains the edges between the bins of each column, such as ``{"year": [1980, 1990, 2000]}``.
        Otherwise, :class:`estimators.BinEncoder` chooses the edges.

    history : str, default=None
        Name of a column that contains a list of the items that the person has had before.
        :func:`leave_one_out` creates training rows with such a column. By default, these items can be
        recommended again. To exclude them, call ``recommend(..., exclude_history=True)``.

    catalogue : data frame of shape (n_items, n_columns), default=None
        A description of each item, in some of the columns above. Each call of
        :meth:`~RecommenderPipeline.fit` adds these rows to the training rows, including within
        cross-validation, so an item can be recommended before anybody has chosen it. Each item must have
        one row. If a training row has a label that is not in the catalogue, ``fit`` issues a warning, and
        the label becomes an item without a description. If None, only the rows passed to ``fit`` are used.

    label : str, default=None
        Name of the column of `catalogue` that contains the label of each item, such as its title.

    classifier : classifier, or {"catalogue", "complement", "multinomial", "bernoulli"}, default=None
        The classifier, which is copied, or the short name of one of this library's naive Bayes classifiers
        with ``new_classes="add"``. None means "catalogue", :class:`estimators.CatalogueNB`, which uses
        the rows of the catalogue as descriptions. Other classifiers use them as ordinary training rows, so
        an item without any values is a row of zeros, which can rank above items that do not match a query.

    weights : dict of str to float, default=None
        Factors by which the features of the columns are multiplied, keyed by column name. The default is 1
        for each column. `weights` cannot be used with CatalogueNB, which only distinguishes zero from nonzero
        features. Set its parameters `match` and `weight` instead.

    Returns
    -------
    model : RecommenderPipeline with the steps "encode" and "classify"
        The unfitted pipeline. Fit it with ``model.fit(chosen, chosen["title"])``, where each row contains
        what somebody requested and the item that they chose. Other columns are ignored. Cells may be missing
        in training rows and in queries, and unknown values count as missing.

    Raises
    ------
    TypeError
        If a column name is not a string or contains "__", or if `weights` is not a dict.
    ValueError
        If no column is given, or a column is given twice; if only one of `catalogue` and `label` is given;
        if `weights` is used with CatalogueNB, has a key that is not one of the columns, or contains a
        negative or infinite number; or if `classifier` is an unknown name or a CatalogueNB whose `groups` are
        set.

    See Also
    --------
    game_recommender : A recommender with two columns, and encoders that can be replaced.
    recommend : Returns the best items for a query.

    Notes
    -----
    In addition to fitting the classifier, encoding takes O(number of cells) time.

    Examples
    --------
    >>> import polars as pl
    >>> from pipelines import recommend, recommender
    >>> films = pl.DataFrame({
    ...     "title": ["Alien", "Airplane!", "Clue", "Heat"],
    ...     "year": [1979, 1980, 1985, 1995],
    ...     "genres": [["Horror", "Science"], ["Comedy"], ["Comedy", "Crime"], ["Crime"]],
    ... })
    >>> model = recommender(lists=["genres"], numbers={"year": [1980, 1990]}, catalogue=films, label="title")
    >>> seen = pl.DataFrame({"genres": [["Crime"], ["Comedy"]], "year": [1992, None]})
    >>> model = model.fit(seen, ["Heat", "Clue"])
    >>> recommend(model, {"genres": ["Comedy"], "year": 1983}, k=3)[0].tolist()
    [['Clue', 'Airplane!', 'Heat']]
    """
    steps = column_steps(categories, lists, numbers, history, label)
    encode = encoder_of(steps, weights, "recommender", {name: name for name, _, _ in steps})
    learner = classifier_of("catalogue" if classifier is None else classifier, "recommender")
    _check_classifier(learner, weights, "recommender")
    _check_catalogue(catalogue, label)
    return RecommenderPipeline(
        [("encode", encode), ("classify", learner)], catalogue=catalogue, label=label, history=history
    )


def game_recommender(
    *,
    budget: str = "budget",
    gameplay_types: str = "gameplay_types",
    budget_encoder: BaseEstimator | None = None,
    types_encoder: BaseEstimator | None = None,
    catalogue: Rows | None = None,
    label: str | None = None,
    classifier: BaseEstimator | Word | None = None,
    weights: Mapping[str, float] | None = None,
) -> "RecommenderPipeline":
    """Return a pipeline that recommends games by budget and gameplay types. Each game is a class.

    This is :func:`recommender` with one column of single values and one column of lists. The encoders can be
    replaced.

    Parameters
    ----------
    budget : str, default="budget"
        Name of the column that contains one budget per row. Budgets may be missing.

    gameplay_types : str, default="gameplay_types"
        Name of the column that contains one list of types per row. Lists may be missing.

    budget_encoder, types_encoder : transformer, default=None
        The encoders of the two columns. The budget encoder receives a data frame with one column. The types
        encoder receives a single column. None means ``OneHotEncoder`` and ``MultiHotEncoder`` with
        ``handle_unknown="ignore"``, ``missing="ignore"`` and ``feature_name_combiner="equals"``: a query may
        omit either column, and unknown values, including misspelt ones, count as missing. With
        ``handle_unknown="error"``, both encoders raise an error that suggests the most similar known
        values. With ``missing="category"``, the default of ``OneHotEncoder``, a missing budget is a
        category of its own.

    catalogue : data frame of shape (n_games, n_columns), default=None
        A description of each game, as for :func:`recommender`.

    label : str, default=None
        Name of the column of `catalogue` that contains the title of each game.

    classifier : classifier, or {"catalogue", "complement", "multinomial", "bernoulli"}, default=None
        The classifier, as for :func:`recommender`. None means "catalogue",
        ``CatalogueNB(new_classes="add")``. "complement" is the better choice
        if there are only descriptions and no choices to learn from, and it can use `weights`.

    weights : dict of str to float, default=None
        The weight of each column, keyed by column name, as in
        ``ColumnTransformer(transformer_weights=...)``. None means a weight of 1 for both columns. A game
        with matching types may outrank one with a matching budget, so give the budget a higher weight if it
        matters more (the tavern example uses 4). `weights` cannot be used with CatalogueNB, so set
        `classifier` too, for example to "complement".

    Returns
    -------
    model : RecommenderPipeline with the steps "encode" and "classify"
        The unfitted pipeline. Fit it with ``model.fit(games, games["title"])``. All other columns of the
        frame are ignored.

    Raises
    ------
    TypeError
        If `budget` or `gameplay_types` is not a str, or if `weights` is not a dict.
    ValueError
        If `weights` is used with CatalogueNB, has a key other than the two column names, or contains a
        negative or infinite number; if only one of
        `catalogue` and `label` is given; or if `classifier` is an unknown name or a CatalogueNB whose
        `groups` are set.

    Examples
    --------
    >>> import polars as pl
    >>> from pipelines import game_recommender, recommend
    >>> games = pl.DataFrame({
    ...     "title": ["Tetris", "Celeste", "Portal"],
    ...     "budget": ["cheap", "standard", "standard"],
    ...     "gameplay_types": [["Puzzle"], ["Platform", "Adventure"], ["Puzzle", "Platform"]],
    ... })
    >>> asked = pl.DataFrame({"budget": ["cheap", "standard"], "gameplay_types": [["Puzzle"], ["Platform"]]})
    >>> model = game_recommender(catalogue=games, label="title").fit(asked, ["Tetris", "Celeste"])
    >>> question = pl.DataFrame({"budget": ["standard"], "gameplay_types": [["Puzzle"]]})
    >>> labels, scores = recommend(model, question, k=2)
    >>> labels.tolist()
    [['Portal', 'Celeste']]
    """
    columns = {"budget": budget, "gameplay_types": gameplay_types}
    for name, column in columns.items():
        if not isinstance(column, str):
            raise TypeError(
                f"The {name!r} parameter of game_recommender must be the name of one column. "
                f"Got {column!r} instead."
            )
    steps: list[Step] = [
        ("budget", one_hot() if budget_encoder is None else budget_encoder, [budget]),
        ("gameplay_types", multi_hot() if types_encoder is None else types_encoder, gameplay_types),
    ]
    encode = encoder_of(steps, weights, "game_recommender", columns)
    learner = classifier_of("catalogue" if classifier is None else classifier, "game_recommender")
    _check_classifier(learner, weights, "game_recommender")
    _check_catalogue(catalogue, label)
    return RecommenderPipeline([("encode", encode), ("classify", learner)], catalogue=catalogue, label=label)


class RecommenderPipeline(Pipeline):
    """A Pipeline of an encoder and a classifier that learns the items of a catalogue in every fit.

    :func:`recommender` returns such a pipeline. It works like any other Pipeline, except that :meth:`fit`
    adds the rows of the catalogue to the rows that it receives. Cross-validation, searches and clones
    therefore use the catalogue too. If the classifier accepts descriptions, as
    :class:`estimators.CatalogueNB` does, the added rows are marked as descriptions. For CatalogueNB, the
    features of each step of the encoder form a group.

    Parameters
    ----------
    steps : list of tuple (str, estimator)
        The encoder, which is a ColumnTransformer of columns given by name, and the classifier.

    catalogue : data frame of shape (n_items, n_columns), default=None
        A description of each item, in some of the encoder's columns. The other columns count as missing.

    label : str, default=None
        Name of the column of `catalogue` that contains the label of each item.

    history : str, default=None
        Name of the encoder's column with the items that the person has had before. They can be excluded with
        ``recommend(..., exclude_history=True)``.

    transform_input : list of str, default=None
        As in ``sklearn.pipeline.Pipeline``.

    memory : str or object with the joblib.Memory interface, default=None
        As in ``sklearn.pipeline.Pipeline``.

    verbose : bool, default=False
        As in ``sklearn.pipeline.Pipeline``.

    See Also
    --------
    recommender : Returns a pipeline with encoders for the given columns.

    Notes
    -----
    In pickles and in the files of :func:`save_model`, the catalogue is stored as plain lists.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.compose import make_column_transformer
    >>> from estimators import CatalogueNB, OneHotEncoder
    >>> from pipelines import RecommenderPipeline, recommend
    >>> inns = pd.DataFrame({"inn": ["Anchor", "Bear"], "food": ["fish", "roast"]})
    >>> encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["food"]))
    >>> model = RecommenderPipeline(
    ...     [("encode", encode), ("classify", CatalogueNB())], catalogue=inns, label="inn"
    ... )
    >>> model = model.fit(pd.DataFrame({"food": ["roast"]}), ["Bear"])
    >>> recommend(model, {"food": "fish"}, k=1)[0].tolist()
    [['Anchor']]
    """

    def __init__(
        self,
        steps: list[tuple[str, BaseEstimator]],
        *,
        catalogue: Rows | None = None,
        label: str | None = None,
        history: str | None = None,
        transform_input: list[str] | None = None,
        memory: Any = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(steps, transform_input=transform_input, memory=memory, verbose=verbose)
        self.catalogue = catalogue
        self.label = label
        self.history = history

    def fit(self, X: Rows, y: ArrayLike, **params: Any) -> Self:
        """Fit the encoder and the classifier on these rows and the rows of the catalogue.

        Parameters
        ----------
        X : data frame of shape (n_samples, n_columns)
            What was requested, in the columns of the encoder. Other columns are ignored.

        y : array-like of shape (n_samples,)
            The item that was chosen.

        **params : dict of str to object
            Parameters of the steps, as in ``sklearn.pipeline.Pipeline``, for example
            ``classify__sample_weight`` with one weight per row. The rows of the catalogue get the value 1.

        Returns
        -------
        self : RecommenderPipeline
            The fitted pipeline.

        Raises
        ------
        TypeError
            If X or the catalogue is not a data frame, or a cell has the wrong type.
        ValueError
            If a column is missing or has no values; if the catalogue is empty, or one of its labels is
            missing or occurs twice; or if the encoder or the classifier rejects the rows. If a cell of the
            catalogue is rejected, the message says so, and the number of the row is that in the catalogue.

        Warns
        -----
        UserWarning
            If `y` contains labels that are not in the catalogue, for example because they are misspelt. They
            become items without a description.
        """
        X = self.select(X)
        _forget_groups(self)
        described = self.catalogue_rows(X)
        items, rows = None, X
        if described is not None:
            items, labels = described
            weight = params.get(f"{self.steps[-1][0]}__sample_weight", params.get("sample_weight"))
            check_consistent_length(X, y, weight)
            check_kinds(labels, plain_labels(as_frame(y)), str(self.label))
            n_rows, n_items = n_rows_of(X), n_rows_of(items)
            mask = self._mask()
            params = {name: append_ones(values, n_rows, n_items) for name, values in params.items()}
            if mask is not None and mask not in params:
                params[mask] = [*[False] * n_rows, *[True] * n_items]
            X, y = append(X, items), append_labels(y, labels)
        try:
            super().fit(X, y, **params)
        except (ValueError, TypeError, ZeroDivisionError):
            check_cells(self.steps[0][1], rows, items)
            check_values(self.steps[0][1], X)
            raise
        return self.complete()

    def select(self, X: Rows) -> Rows:
        """Return the columns of a frame that the encoder reads.

        Parameters
        ----------
        X : data frame of shape (n_samples, n_columns)
            Rows with at least these columns.

        Returns
        -------
        selected : data frame of shape (n_samples, n_encoded_columns)
            The same rows with the columns in the order of the encoder's steps.

        Raises
        ------
        TypeError
            If X is not a data frame.
        ValueError
            If a column is missing. The message suggests the most similar column name.
        """
        return select(frame_of(X, "The 'X' parameter of fit"), input_columns(self.steps[0][1]), "X")

    def catalogue_rows(self, X: Rows | None = None) -> tuple[Rows, list] | None:
        """Return the catalogue with the columns of the encoder, and the label of each row.

        Parameters
        ----------
        X : data frame of shape (n_samples, n_columns), default=None
            Rows whose kind of data frame (pandas or polars) and dtypes the returned rows should have. If
            None, those of the catalogue are used.

        Returns
        -------
        rows : data frame of shape (n_items, n_encoded_columns)
            The descriptions of the items. If there is no catalogue, None is returned instead of both values.

        labels : list of length n_items
            The labels of the items.

        Raises
        ------
        TypeError
            If the catalogue is not a data frame.
        ValueError
            If the catalogue has no rows, none of the encoder's columns or no column of labels, or if a label
            is missing or occurs twice.
        """
        _check_catalogue(self.catalogue, self.label)
        if self.catalogue is None or self.label is None:
            return None
        items = frame_of(self.catalogue, "The catalogue")
        labels = plain_column(select(items, [self.label], "The catalogue")[self.label])
        check_items(labels, self.label)
        return like(items, input_columns(self.steps[0][1]), X), labels

    def complete(self) -> Self:
        """Complete a fit: group the features, and warn about labels that are not in the catalogue.

        :meth:`fit` and :func:`fit_batches` call this method. It sets the parameter `groups` of a CatalogueNB,
        so that the features of each step form a group.

        Returns
        -------
        self : RecommenderPipeline
            The pipeline.

        Raises
        ------
        TypeError
            If the catalogue is not a data frame.

        Warns
        -----
        UserWarning
            If the classifier has learned a label that is not in the catalogue.
        """
        encode, classifier = self.steps[0][1], self.steps[-1][1]
        if isinstance(classifier, CatalogueNB) and isinstance(encode, ColumnTransformer):
            groups = step_of_each_feature(encode)
            classifier.set_params(groups=groups).fit_state(classifier.fitted_state())
        if self.catalogue is not None and self.label is not None and hasattr(classifier, "classes_"):
            labels = plain_column(frame_of(self.catalogue, "The catalogue")[self.label])
            warn_of_undescribed(classifier.classes_, labels, self.label, stacklevel=3)
        return self

    def __sklearn_clone__(self) -> Self:
        """Return an unfitted copy, without the groups of this fit."""
        copy = super().__sklearn_clone__()
        _forget_groups(copy)
        return copy

    def _mask(self) -> str | None:
        """Return the name of the parameter of `fit` that marks descriptions, if the classifier has one."""
        name, classifier = self.steps[-1]
        if not has_fit_parameter(classifier, "describes"):
            return None
        return "describes" if sklearn.get_config()["enable_metadata_routing"] else f"{name}__describes"

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes, with the catalogue as plain data."""
        state = super().__getstate__()
        if self.catalogue is None:
            return state
        return state | {"catalogue": to_plain(frame_of(self.catalogue, "The catalogue"))}

    def __setstate__(self, state: dict[str, Any]) -> None:
        plain = state["catalogue"]
        super().__setstate__(state | {"catalogue": None if plain is None else from_plain(plain)})


def _forget_groups(model: Pipeline) -> None:
    """Remove the groups of an earlier fit, which may have had different features."""
    if isinstance(model.steps[-1][1], CatalogueNB):
        model.steps[-1][1].set_params(groups=None)


def _check_classifier(classifier: BaseEstimator, weights: Mapping[str, float] | None, of: str) -> None:
    if not isinstance(classifier, CatalogueNB):
        return
    if weights:
        raise ValueError(
            f"The 'weights' parameter of {of} must be None for a CatalogueNB, which only distinguishes zero "
            "from nonzero features. Set its parameters 'match' and 'weight' instead, or choose another "
            "classifier, such as classifier='complement'."
        )
    if classifier.groups is not None:
        raise ValueError(
            f"The 'classifier' parameter of {of} must be a CatalogueNB without 'groups', because fit sets "
            f"them. Got groups={classifier.groups!r}."
        )


def _check_catalogue(catalogue: Rows | None, label: str | None) -> None:
    if (catalogue is None) != (label is None):
        missing = "catalogue" if catalogue is None else "label"
        raise ValueError(f"'catalogue' and 'label' must be given together. {missing!r} is missing.")
