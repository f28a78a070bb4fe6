"""Naive Bayes with sparse counts, fast enough to treat each item of a large catalogue as a class."""

from collections.abc import Hashable
from numbers import Real
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils import Tags, column_or_1d
from sklearn.utils.validation import check_non_negative

from estimators._bayes.base import CountingClassifier, SmoothedClassifier
from estimators._bayes.bernoulli import BernoulliScores, as_binary
from estimators._bayes.catalogue import CatalogueScores
from estimators._bayes.complement import ComplementScores
from estimators._bayes.counts import ClassCounts
from estimators._bayes.multinomial import MultinomialScores
from estimators._bayes.sparse import as_pattern
from estimators._bayes.top_k import top_k_indices
from estimators._common.labels import exact_labels
from estimators._common.matrices import Matrix, MatrixLike
from estimators._common.scikit_learn import Interval, StrOptions, fit_context

__all__ = ["BernoulliNB", "CatalogueNB", "ComplementNB", "MultinomialNB", "top_k_indices"]


class ComplementNB(SmoothedClassifier):
    """Complement naive Bayes classifier of Rennie et al. (2003).

    The weights of a class are estimated from the samples of all *other* classes. If there are few samples per
    class, they are more stable than the weights of multinomial naive Bayes.

    This class is a drop-in replacement for :class:`sklearn.naive_bayes.ComplementNB`, with the same
    parameters, attributes and predictions. It is designed for many classes, such as one per item of a
    catalogue: counts are stored in sparse matrices, :meth:`top_k` uses a bounded amount of memory,
    :meth:`partial_fit` can add classes, and models fitted on parts of the data can be combined with
    :meth:`merge`.

    Parameters
    ----------
    alpha : float or array-like of shape (n_features,), default=1.0
        Additive (Laplace/Lidstone) smoothing parameter. Use 0 and ``force_alpha=True`` for no smoothing.

    force_alpha : bool, default=True
        If False and `alpha` is less than 1e-10, `alpha` is set to 1e-10 and a warning is issued.

    fit_prior : bool, default=True
        Whether to learn class priors from the data. Only used if the training set has a single class.

    class_prior : array-like of shape (n_classes,), default=None
        Prior probabilities of the classes. Only used if the training set has a single class.

    norm : bool, default=False
        Whether to divide the weights of each class by their sum (Table 4, step 7 of the paper).

    new_classes : {"error", "add"}, default="error"
        How :meth:`partial_fit` handles an unknown label: raise an error, or add the label as a class.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels, sorted.

    class_count_ : ndarray of shape (n_classes,)
        Weighted number of samples of each class.

    class_log_prior_ : ndarray of shape (n_classes,)
        Log probability of each class. It is only part of the scores if there is a single class.

    feature_all_ : ndarray of shape (n_features,)
        Weighted sum of each feature over all samples.

    feature_count_ : ndarray of shape (n_classes, n_features)
        Weighted sum of each feature in each class. It is stored as a sparse array and converted to a dense
        array each time it is read.

    feature_log_prob_ : ndarray of shape (n_classes, n_features)
        The weight of each feature for each class. The dense array is computed each time it is read.

    n_features_in_ : int
        Number of features seen during :meth:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen during :meth:`fit`. Only defined if all feature names of `X` are strings.

    Notes
    -----
    Fitting takes O(nonzeros of X) time and memory, or O(entries of X) if X is dense, plus the time to sort
    the distinct labels. Scoring one sample takes at most O(n_classes) time, which is about the cost of
    copying n_classes numbers. It takes less time if many classes have equal counts.

    With ``alpha=0``, a feature that occurs in only one class gives that class an infinite score. A feature
    that a sample lacks adds nothing to its scores, even if its weight is infinite. (For dense input,
    scikit-learn computes ``0 * inf = nan``.) Undefined scores, such as those of a single class without
    smoothing, are ``-inf`` and their probabilities are NaN, whereas scikit-learn returns NaN for both.

    Input is checked more strictly than in scikit-learn in two cases. :meth:`partial_fit` raises an error if a
    label is not one of the classes, whereas scikit-learn ignores the sample or, with two classes, counts it
    for the first one. Negative sample weights also raise an error.

    References
    ----------
    Rennie, J. D. M., Shih, L., Teevan, J. and Karger, D. R. (2003). Tackling the poor assumptions of naive
    Bayes text classifiers. ICML, 616-623. Table 4.

    Examples
    --------
    >>> import numpy as np
    >>> from estimators import ComplementNB
    >>> X = np.array([[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 0, 1]])  # cheap, premium, puzzle, racing
    >>> games = ["Tetris", "Pole Position", "Gran Turismo"]
    >>> model = ComplementNB().fit(X, games)
    >>> labels, scores = model.top_k([[1, 0, 0, 1]], k=2)
    >>> labels
    array([['Pole Position', 'Gran Turismo']], dtype='<U13')
    >>> model.predict([[0, 0, 1, 0]])
    array(['Tetris'], dtype='<U13')
    """

    _parameter_constraints: dict = SmoothedClassifier._parameter_constraints | {"norm": ["boolean"]}
    _kind_of_scores = ComplementScores

    def __init__(
        self,
        *,
        alpha: float | ArrayLike = 1.0,
        force_alpha: bool = True,
        fit_prior: bool = True,
        class_prior: ArrayLike | None = None,
        norm: bool = False,
        new_classes: Literal["error", "add"] = "error",
    ) -> None:
        self.alpha = alpha
        self.force_alpha = force_alpha
        self.fit_prior = fit_prior
        self.class_prior = class_prior
        self.norm = norm
        self.new_classes = new_classes

    def _read(self, X: Matrix) -> Matrix:
        check_non_negative(X, "ComplementNB (input X)")
        return X

    def _score_by(
        self, counts: ClassCounts, alpha: float | np.ndarray, log_prior: np.ndarray
    ) -> ComplementScores:
        prior = log_prior if len(log_prior) == 1 else None  # the scores of several classes have no prior
        return ComplementScores(counts.feature_count, alpha, self.norm, prior)

    def _set_counts(self, counts: ClassCounts) -> Self:
        super()._set_counts(counts)
        self.feature_all_ = counts.feature_count.sum(axis=0)
        return self

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags


class MultinomialNB(SmoothedClassifier):
    """Multinomial naive Bayes classifier, for counts.

    A class has a high score if it is frequent and the features of the sample make up a large share of its
    counts.

    This class is a drop-in replacement for :class:`sklearn.naive_bayes.MultinomialNB`, with the same
    parameters, attributes and predictions. It is designed for many classes, such as one per item of a
    catalogue: counts are stored in sparse matrices, :meth:`top_k` uses a bounded amount of memory,
    :meth:`partial_fit` can add classes, and models fitted on parts of the data can be combined with
    :meth:`merge`.

    Parameters
    ----------
    alpha : float or array-like of shape (n_features,), default=1.0
        Additive (Laplace/Lidstone) smoothing parameter. Use 0 and ``force_alpha=True`` for no smoothing.

    force_alpha : bool, default=True
        If False and `alpha` is less than 1e-10, `alpha` is set to 1e-10 and a warning is issued.

    fit_prior : bool, default=True
        Whether to learn class priors from the data. If False, all classes have the same prior.

    class_prior : array-like of shape (n_classes,), default=None
        Prior probabilities of the classes. If None, they are determined by `fit_prior`.

    new_classes : {"error", "add"}, default="error"
        How :meth:`partial_fit` handles an unknown label: raise an error, or add the label as a class.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels, sorted.

    class_count_ : ndarray of shape (n_classes,)
        Weighted number of samples of each class.

    class_log_prior_ : ndarray of shape (n_classes,)
        Log probability of each class.

    feature_count_ : ndarray of shape (n_classes, n_features)
        Weighted sum of each feature in each class. It is stored as a sparse array and converted to a dense
        array each time it is read.

    feature_log_prob_ : ndarray of shape (n_classes, n_features)
        Log probability of each feature in each class. The dense array is computed each time it is read.

    n_features_in_ : int
        Number of features seen during :meth:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen during :meth:`fit`. Only defined if all feature names of `X` are strings.

    Notes
    -----
    Fitting takes O(nonzeros of X) time and memory, or O(entries of X) if X is dense, plus the time to sort
    the distinct labels. Scoring one sample takes at most O(n_classes) time.

    With ``alpha=0``, a feature rules out the classes that lack it: their scores are ``-inf``. This also holds
    for dense input, where scikit-learn may compute ``0 * inf = nan``. A class without counts is ruled out by
    any feature.

    Input is checked more strictly than in scikit-learn in two cases. :meth:`partial_fit` raises an error if a
    label is not one of the classes, whereas scikit-learn ignores the sample or, with two classes, counts it
    for the first one. Negative sample weights also raise an error.

    References
    ----------
    Manning, C. D., Raghavan, P. and Schuetze, H. (2008). Introduction to Information Retrieval. Cambridge
    University Press, 234-265.

    Examples
    --------
    >>> import numpy as np
    >>> from estimators import MultinomialNB
    >>> X = np.array([[3, 0, 1], [2, 1, 0], [0, 2, 4]])  # words: goal, vote, tax
    >>> model = MultinomialNB().fit(X, ["sport", "sport", "politics"])
    >>> model.predict([[1, 0, 0], [0, 1, 1]])
    array(['sport', 'politics'], dtype='<U8')
    """

    _kind_of_scores = MultinomialScores

    def __init__(
        self,
        *,
        alpha: float | ArrayLike = 1.0,
        force_alpha: bool = True,
        fit_prior: bool = True,
        class_prior: ArrayLike | None = None,
        new_classes: Literal["error", "add"] = "error",
    ) -> None:
        self.alpha = alpha
        self.force_alpha = force_alpha
        self.fit_prior = fit_prior
        self.class_prior = class_prior
        self.new_classes = new_classes

    def _read(self, X: Matrix) -> Matrix:
        check_non_negative(X, "MultinomialNB (input X)")
        return X

    def _score_by(
        self, counts: ClassCounts, alpha: float | np.ndarray, log_prior: np.ndarray
    ) -> MultinomialScores:
        return MultinomialScores(counts.feature_count, alpha, log_prior)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags


class BernoulliNB(SmoothedClassifier):
    """Bernoulli naive Bayes classifier, for features that are present or absent.

    Unlike :class:`MultinomialNB`, it also scores the features that a sample lacks.

    This class is a drop-in replacement for :class:`sklearn.naive_bayes.BernoulliNB`, with the same
    parameters, attributes and predictions. It is designed for many classes, such as one per item of a
    catalogue: counts are stored in sparse matrices, :meth:`top_k` uses a bounded amount of memory,
    :meth:`partial_fit` can add classes, and models fitted on parts of the data can be combined with
    :meth:`merge`.

    Parameters
    ----------
    alpha : float or array-like of shape (n_features,), default=1.0
        Additive (Laplace/Lidstone) smoothing parameter. Use 0 and ``force_alpha=True`` for no smoothing.

    force_alpha : bool, default=True
        If False and `alpha` is less than 1e-10, `alpha` is set to 1e-10 and a warning is issued.

    binarize : float or None, default=0.0
        Features above this threshold are present, and all others are absent. None means that X already
        consists of zeros and ones.

    fit_prior : bool, default=True
        Whether to learn class priors from the data. If False, all classes have the same prior.

    class_prior : array-like of shape (n_classes,), default=None
        Prior probabilities of the classes. If None, they are determined by `fit_prior`.

    new_classes : {"error", "add"}, default="error"
        How :meth:`partial_fit` handles an unknown label: raise an error, or add the label as a class.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels, sorted.

    class_count_ : ndarray of shape (n_classes,)
        Weighted number of samples of each class.

    class_log_prior_ : ndarray of shape (n_classes,)
        Log probability of each class.

    feature_count_ : ndarray of shape (n_classes, n_features)
        Weighted number of samples of each class that have each feature. It is stored as a sparse array and
        converted to a dense array each time it is read.

    feature_log_prob_ : ndarray of shape (n_classes, n_features)
        Log probability of each feature in each class. The dense array is computed each time it is read.

    n_features_in_ : int
        Number of features seen during :meth:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen during :meth:`fit`. Only defined if all feature names of `X` are strings.

    Notes
    -----
    Fitting takes O(nonzeros of X) time and memory, or O(entries of X) if X is dense, plus the time to sort
    the distinct labels. Scoring one sample takes at most O(n_classes) time, because the weights of absent
    features are summed only once per class. An array `alpha` with m distinct values adds O(m * n_classes)
    to the time and memory.

    If `alpha` is an array, the smoothed probability of feature j in a class with n samples is
    ``(count + alpha[j]) / (n + 2 * alpha[j])``. scikit-learn's ``BernoulliNB`` documents array values of
    `alpha`, but raises an error for them. With ``alpha=0``, if none or all of the samples of a class have a
    feature, the class is ruled out for samples that differ in this feature: its score is ``-inf``, where
    scikit-learn may return NaN.

    Input is checked more strictly than in scikit-learn in two cases. :meth:`partial_fit` raises an error if a
    label is not one of the classes, whereas scikit-learn ignores the sample or, with two classes, counts it
    for the first one. Negative sample weights also raise an error.

    References
    ----------
    Manning, C. D., Raghavan, P. and Schuetze, H. (2008). Introduction to Information Retrieval. Cambridge
    University Press, 234-265.

    McCallum, A. and Nigam, K. (1998). A comparison of event models for naive Bayes text classification. AAAI
    workshop on learning for text categorization, 41-48.

    Examples
    --------
    >>> import numpy as np
    >>> from estimators import BernoulliNB
    >>> X = np.array([[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 0, 1]])  # cheap, premium, puzzle, racing
    >>> games = ["Tetris", "Pole Position", "Gran Turismo"]
    >>> model = BernoulliNB().fit(X, games)
    >>> labels, scores = model.top_k([[1, 0, 0, 1]], k=2)
    >>> labels
    array([['Pole Position', 'Gran Turismo']], dtype='<U13')
    """

    _parameter_constraints: dict = SmoothedClassifier._parameter_constraints | {
        "binarize": [None, Interval(Real, 0, None, closed="left")]
    }
    _kind_of_scores = BernoulliScores
    _scores: BernoulliScores

    def __init__(
        self,
        *,
        alpha: float | ArrayLike = 1.0,
        force_alpha: bool = True,
        binarize: float | None = 0.0,
        fit_prior: bool = True,
        class_prior: ArrayLike | None = None,
        new_classes: Literal["error", "add"] = "error",
    ) -> None:
        self.alpha = alpha
        self.force_alpha = force_alpha
        self.binarize = binarize
        self.fit_prior = fit_prior
        self.class_prior = class_prior
        self.new_classes = new_classes

    @property
    def feature_log_prob_(self) -> np.ndarray:
        """Log probabilities of the features, as a dense array of shape (n_classes, n_features)."""
        self._fitted_scores("feature_log_prob_")
        return self._scores.log_probabilities(np.arange(len(self.classes_)))

    def _read(self, X: Matrix) -> Matrix:
        return X if self.binarize is None else as_binary(X, self.binarize)

    def _score_by(
        self, counts: ClassCounts, alpha: float | np.ndarray, log_prior: np.ndarray
    ) -> BernoulliScores:
        return BernoulliScores(counts.feature_count, counts.class_count, alpha, log_prior, self.binarize)


class CatalogueNB(CountingClassifier):
    """Naive Bayes for recommending items, based on their descriptions, popularity and past choices.

    Each item is a class. A row of X shows which features were requested, and y contains the item that was
    chosen. Any nonzero entry means that the feature was requested. Rows marked in ``describes`` contain the
    features of the item itself instead. Because most items have few rows, their rates are shrunk towards the
    rates of all items.

    Let n[g] be the weighted number of rows in which item g was chosen, and n[g, f] the number of these rows
    in which feature f was requested. The score of g is::

        popularity * log(n[g] + smoothing)
        + match * number of groups with a requested feature that describes g
        + weight * mean over the requested features f of
              log((n[g, f] + shrinkage * rate[g, f]) / ((n[g] + shrinkage) * all[f]))

    Here ``all[f]`` is the fraction of all rows in which f was requested. If f describes g, ``rate[g, f]`` is
    this fraction among the rows in which an item described by f was chosen. Otherwise, it is the fraction
    among all other rows. When these fractions are computed, half a row with the feature and half a row
    without it are added. If g was never chosen and has no description, ``rate[g, f]`` is the lower of the
    two fractions (provided that f describes any item), so g never ranks above another item that was never
    chosen.

    Parameters
    ----------
    shrinkage : float or "auto", default="auto"
        Number of rows at which the item's own rows count as much as the rows of all items. "auto" chooses the
        value between 0.8 and 12,800, in steps of about 20%, with the highest evidence under a beta-binomial
        model, or 100 if the evidence is the same for all values. Sample weights below 1 make the evidence
        misleading, so scale the weights such that the lowest is 1. Choose a higher value if many rows come
        from the same people, who make similar requests. Choose a lower value if items differ more than their
        rows show.

    weight : float, default=1.5
        Factor of the term for the requests of people who chose the item. The term is a mean over the
        requested features, because they usually depend on each other. Values from 1 to 2 suit most data:
        lower values for requests of a few words, higher values for long lists, such as a history of items.
        With 0, only popularity and matches are used.

    popularity : float, default=1.0
        Factor of the logarithm of the number of times an item was chosen. 1 is correct if people's choices do
        not change over time. Use a lower value, down to 0, to recommend rare items more often than they were
        chosen.

    match : float or "auto", default="auto"
        Amount added to the score for each group in which a requested feature describes the item. "auto"
        computes a value for each group from the rows (see Notes). The value is large if the chosen item
        nearly always had the requested features, and 0 if the requested features hardly mattered. Use a
        large value, such as 1000, if requests are constraints that items must meet, such as a budget. Use 0
        if requests are preferences: people who like comedies do not only watch comedies.

    smoothing : float, default=1.0
        Number added to the number of times an item was chosen. A low value ranks items that nobody has
        chosen yet low. Use a higher value to give new items a better chance.

    groups : array-like of shape (n_features,), default=None
        The group label of each column of X. Columns with the same label are values of the same variable, such
        as the budget or the type, and together add at most one match. If None, all columns form one group.

    new_classes : {"add", "error"}, default="add"
        How :meth:`partial_fit` handles an unknown label: add the label as a class, or raise an error.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels, sorted.

    class_count_ : ndarray of shape (n_classes,)
        Weighted number of rows in which each item was chosen. Descriptions are not counted.

    described_ : ndarray of shape (n_classes, n_features)
        1 where a feature describes an item, otherwise 0. It is stored as a sparse array and converted to a
        dense array each time it is read.

    feature_count_ : ndarray of shape (n_classes, n_features)
        Weighted number of rows in which each item was chosen and each feature was requested. It is stored as
        a sparse array and converted to a dense array each time it is read.

    match_ : dict
        The match used for each label in `groups`, or for None if there are no groups. If ``match="auto"``,
        the values are computed when the attribute is first read or when the first row is scored.

    shrinkage_ : float
        The shrinkage used. If ``shrinkage="auto"``, it is computed when it is first read or when the first
        row is scored.

    n_features_in_ : int
        Number of features seen during :meth:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen during :meth:`fit`. Only defined if all feature names of `X` are strings.

    Notes
    -----
    Fitting takes O(nonzeros of X) time and memory, plus the time to sort the distinct labels. The weights are
    computed when a row is first scored after a fit or an update, which takes about as long as fitting.
    Scoring one row takes at most O(n_classes) time.

    With ``match="auto"``, the match of a group is ``2 * max(0, ratio - 1)``. Here, ``ratio`` is the log odds
    that a requested feature of the group describes the chosen item, minus the same log odds if items were
    chosen by popularity alone. Half a case is added to each count. The ratio is averaged with a prior value
    of 3, which corresponds to a match of 4 and counts as much as ten requested features. Before any item
    has been chosen, a request is therefore treated as a constraint.

    The state consists of sums of counts and unions of descriptions. Fitting in chunks or merging models
    therefore gives the same model as one :meth:`fit`. If sample weights are not whole numbers, the models are
    equal up to rounding.
    :meth:`predict_proba` returns the normalised exponentials of the scores. How well they are calibrated as
    probabilities of a choice depends on whether `weight` and `match` suit the data.

    References
    ----------
    Gelman, A., Carlin, J. B., Stern, H. S., Dunson, D. B., Vehtari, A. and Rubin, D. B. (2013). Bayesian Data
    Analysis, third edition. Section 5.3 describes the beta-binomial model of several experiments.

    Examples
    --------
    >>> import numpy as np
    >>> from estimators import CatalogueNB
    >>> is_of = np.array([[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 0, 1]])  # cheap, premium, puzzle, racing
    >>> games = ["Tetris", "Pole Position", "Gran Turismo"]
    >>> model = CatalogueNB(groups=["budget", "budget", "type", "type"])
    >>> model = model.partial_fit(is_of, games, describes=[True, True, True])
    >>> model = model.partial_fit([[1, 0, 1, 0], [0, 1, 0, 1]], ["Tetris", "Gran Turismo"])  # two rentals
    >>> labels, scores = model.top_k([[1, 0, 0, 1]], k=3)  # cheap and racing
    >>> labels
    array([['Pole Position', 'Gran Turismo', 'Tetris']], dtype='<U13')
    """

    _parameter_constraints: dict = {
        "shrinkage": [StrOptions({"auto"}), Interval(Real, 0, np.inf, closed="neither")],
        "weight": [Interval(Real, 0, np.inf, closed="left")],
        "popularity": [Interval(Real, -np.inf, np.inf, closed="neither")],
        "match": [StrOptions({"auto"}), Interval(Real, 0, np.inf, closed="left")],
        "smoothing": [Interval(Real, 0, np.inf, closed="neither")],
        "groups": ["array-like", None],
        "new_classes": [StrOptions({"error", "add"})],
    }
    _kind_of_scores = CatalogueScores
    _scores: CatalogueScores
    _describable = True
    # scikit-learn's name for the metadata that `fit` requests by default
    __metadata_request__fit = {"describes": True}
    _not_displayed = ("described_", "feature_count_")
    _derived = (*_not_displayed, "match_", "shrinkage_")

    def __init__(
        self,
        *,
        shrinkage: float | Literal["auto"] = "auto",
        weight: float = 1.5,
        popularity: float = 1.0,
        match: float | Literal["auto"] = "auto",
        smoothing: float = 1.0,
        groups: ArrayLike | None = None,
        new_classes: Literal["error", "add"] = "add",
    ) -> None:
        self.shrinkage = shrinkage
        self.weight = weight
        self.popularity = popularity
        self.match = match
        self.smoothing = smoothing
        self.groups = groups
        self.new_classes = new_classes

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        describes: ArrayLike | None = None,
    ) -> Self:
        """Fit the classifier: count the requested features, and store the descriptions of the items.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training samples. A feature is requested if its entry is not 0.

        y : array-like of shape (n_samples,)
            The item of each row. The labels must be all strings, all whole numbers or all NumPy dates.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples. A sample with weight 2 counts as two identical samples. If None, all
            samples have weight 1.

        describes : array-like of shape (n_samples,), default=None
            True for rows that describe their item. These rows do not count as choices, and they are ignored
            if their weight is 0. If None, no row is a description.

        Returns
        -------
        self : object
            The fitted classifier.

        Raises
        ------
        ValueError
            If X contains NaN or infinite values; if y contains missing or continuous labels, labels of
            different kinds, or strings that end with a NUL character; if a sample weight is negative or all
            of them are zero; if `describes` contains values other than True and False; or if `groups` does
            not contain one label per feature. The classifier is then not fitted.
        TypeError
            If the labels are bytes.
        """
        return self._fit(X, y, sample_weight, describes)

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        describes: ArrayLike | None = None,
    ) -> Self:
        """Update the classifier with more samples.

        Calling this method on parts of the data gives the same model as calling :meth:`fit` on all of it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training samples, as in :meth:`fit`.

        y : array-like of shape (n_samples,)
            The item of each row, as in :meth:`fit`.

        classes : array-like of shape (n_classes,), default=None
            Labels to add as classes, even if they do not occur in y. If ``new_classes="error"``, this
            parameter is required in the first call and must contain all labels.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, as in :meth:`fit`.

        describes : array-like of shape (n_samples,), default=None
            True for rows that describe their item, as in :meth:`fit`.

        Returns
        -------
        self : object
            The updated classifier.

        Raises
        ------
        ValueError
            As in :meth:`fit`. If ``new_classes="error"``, also if `classes` is missing in the first call or
            differs in a later call, or if y contains an unknown label. In these cases, the classifier is not
            changed.
        TypeError
            If the labels are bytes.
        """
        return self._partial_fit(X, y, classes, sample_weight, describes)

    @fit_context(prefer_skip_nested_validation=True)
    def additive_state(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        describes: ArrayLike | None = None,
    ) -> ClassCounts:
        """Return the counts and descriptions of the given samples, without changing the classifier.

        The states of different parts of the data can be computed on different machines, merged with their
        method ``merge``, and passed to :meth:`fit_state`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples, as in :meth:`fit`.

        y : array-like of shape (n_samples,)
            The item of each row, as in :meth:`fit`.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, as in :meth:`fit`, except that all of them may be zero. The labels are
            then classes without counts.

        describes : array-like of shape (n_samples,), default=None
            True for rows that describe their item, as in :meth:`fit`.

        Returns
        -------
        state : ClassCounts
            The counts and descriptions. ``state.merge(other)`` returns the state of both sets of samples. The
            state can be pickled.

        Raises
        ------
        ValueError
            As in :meth:`fit`, except that all sample weights may be zero.
        """
        return self._additive_state(X, y, sample_weight, describes)

    @property
    def described_(self) -> np.ndarray:
        """1 where a feature describes a class, as a dense array of shape (n_classes, n_features)."""
        self._fitted_scores("described_")
        return self._scores.described.toarray()

    @property
    def match_(self) -> dict[Hashable, float]:
        """The match used for each label in `groups`."""
        self._fitted_scores("match_")
        labels = (
            [None] if self.groups is None else pd.unique(column_or_1d(exact_labels(self.groups))).tolist()
        )
        return dict(zip(labels, self._scores.matches.tolist(), strict=True))

    @property
    def shrinkage_(self) -> float:
        """The shrinkage used."""
        self._fitted_scores("shrinkage_")
        return self._scores.m

    def _read(self, X: Matrix) -> Matrix:
        return as_pattern(X)

    def _set_counts(self, counts: ClassCounts) -> Self:
        scores = CatalogueScores(
            counts.feature_count,
            counts.class_count,
            counts.described,
            self._number_groups(counts.n_features),
            "auto" if self.shrinkage == "auto" else float(self.shrinkage),
            float(self.weight),
            float(self.popularity),
            "auto" if self.match == "auto" else float(self.match),
            float(self.smoothing),
        )
        return self._set_fitted(counts, scores)

    def _number_groups(self, n_features: int) -> np.ndarray:
        """Return the index of each feature's group, as an array of shape (n_features,)."""
        if self.groups is None:
            return np.zeros(n_features, dtype=np.intp)
        labels = column_or_1d(exact_labels(self.groups))
        if len(labels) != n_features:
            raise ValueError(
                f"The 'groups' parameter of CatalogueNB must contain one label for each of the {n_features} "
                f"features. Got {len(labels)} labels."
            )
        groups = pd.factorize(labels)[0]
        if (groups < 0).any():
            raise ValueError("The 'groups' parameter of CatalogueNB must not contain missing labels.")
        return groups
