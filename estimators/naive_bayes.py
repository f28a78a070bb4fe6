"""Naive Bayes with sparse counts, fast enough to make each item of a large catalogue a class."""

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
from estimators._bayes.counts import ClassCounts, as_pattern
from estimators._bayes.multinomial import MultinomialScores
from estimators._bayes.top_k import top_k_indices
from estimators._common.labels import exact_labels
from estimators._common.matrices import Matrix, MatrixLike
from estimators._common.scikit_learn import Interval, StrOptions, fit_context

__all__ = ["BernoulliNB", "CatalogueNB", "ComplementNB", "MultinomialNB", "top_k_indices"]


class ComplementNB(SmoothedClassifier):
    """Complement naive Bayes classifier of Rennie et al. (2003).

    The weights of a class are estimated from the samples of all *other* classes, which makes them more
    stable than those of multinomial naive Bayes if classes have few samples each.

    This class is a drop-in replacement for :class:`sklearn.naive_bayes.ComplementNB`, with the same
    parameters, attributes and predictions. It is built for many classes, up to one per item of a catalogue:
    counts are kept sparse, :meth:`top_k` answers in bounded memory, :meth:`partial_fit` can add classes, and
    models fitted on parts of the data can be combined with :meth:`merge`.

    Parameters
    ----------
    alpha : float or array-like of shape (n_features,), default=1.0
        Additive (Laplace/Lidstone) smoothing parameter. Use 0 and ``force_alpha=True`` for no smoothing.

    force_alpha : bool, default=True
        If False and `alpha` is less than 1e-10, `alpha` is set to 1e-10 and a warning is given.

    fit_prior : bool, default=True
        Whether to learn the prior of the classes. Only used if the training set has a single class.

    class_prior : array-like of shape (n_classes,), default=None
        Prior probabilities of the classes. Only used if the training set has a single class.

    norm : bool, default=False
        Whether to divide the weights of each class by their sum (Table 4, step 7 of the paper).

    new_classes : {"error", "add"}, default="error"
        What :meth:`partial_fit` does with an unknown label: raise an error, or add it as a class.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels, sorted.

    class_count_ : ndarray of shape (n_classes,)
        Weighted number of samples of each class.

    class_log_prior_ : ndarray of shape (n_classes,)
        Log probability of each class. It is a part of the scores only if there is a single class.

    feature_all_ : ndarray of shape (n_features,)
        Weighted sum of each feature over all samples.

    feature_count_ : ndarray of shape (n_classes, n_features)
        Weighted sum of each feature in each class. It is stored sparse and converted to a dense array each
        time it is read.

    feature_log_prob_ : ndarray of shape (n_classes, n_features)
        The weights of the classes. The dense array is computed each time it is read.

    n_features_in_ : int
        Number of features seen during :meth:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen during :meth:`fit`. Only defined if `X` has names that are all strings.

    Notes
    -----
    Fitting takes O(nonzeros of X) time and memory (for a dense X, all entries), plus a sort of the distinct
    labels. Scoring one sample takes at most O(n_classes) time, about the cost of copying as many numbers, and
    less if many classes have equal counts.

    With ``alpha=0``, a feature that occurs in only one class gives that class an infinite score. A feature
    that a sample lacks adds nothing to its scores, even if the weight is infinite (scikit-learn computes
    ``0 * inf = nan`` for dense input). Undefined scores, such as all scores of a single class without
    smoothing, are ``-inf`` and their probabilities NaN; scikit-learn returns NaN for both.

    Two errors are stricter than in scikit-learn. :meth:`partial_fit` refuses a label that is not one of the
    classes (scikit-learn drops the sample, or counts it for the first of two classes), and negative sample
    weights are refused.

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

    A class has a high score if the features of a sample make up a large share of its counts, and if it is
    frequent.

    This class is a drop-in replacement for :class:`sklearn.naive_bayes.MultinomialNB`, with the same
    parameters, attributes and predictions. It is built for many classes, up to one per item of a catalogue:
    counts are kept sparse, :meth:`top_k` answers in bounded memory, :meth:`partial_fit` can add classes, and
    models fitted on parts of the data can be combined with :meth:`merge`.

    Parameters
    ----------
    alpha : float or array-like of shape (n_features,), default=1.0
        Additive (Laplace/Lidstone) smoothing parameter. Use 0 and ``force_alpha=True`` for no smoothing.

    force_alpha : bool, default=True
        If False and `alpha` is less than 1e-10, `alpha` is set to 1e-10 and a warning is given.

    fit_prior : bool, default=True
        Whether to learn the prior of the classes. If False, all classes have the same prior.

    class_prior : array-like of shape (n_classes,), default=None
        Prior probabilities of the classes. None means that `fit_prior` decides.

    new_classes : {"error", "add"}, default="error"
        What :meth:`partial_fit` does with an unknown label: raise an error, or add it as a class.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels, sorted.

    class_count_ : ndarray of shape (n_classes,)
        Weighted number of samples of each class.

    class_log_prior_ : ndarray of shape (n_classes,)
        Log probability of each class.

    feature_count_ : ndarray of shape (n_classes, n_features)
        Weighted sum of each feature in each class. It is stored sparse and converted to a dense array each
        time it is read.

    feature_log_prob_ : ndarray of shape (n_classes, n_features)
        Log probability of each feature in each class. The dense array is computed each time it is read.

    n_features_in_ : int
        Number of features seen during :meth:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen during :meth:`fit`. Only defined if `X` has names that are all strings.

    Notes
    -----
    Fitting takes O(nonzeros of X) time and memory (for a dense X, all entries), plus a sort of the distinct
    labels. Scoring one sample takes at most O(n_classes) time.

    With ``alpha=0``, a feature rules out the classes that lack it: their score is ``-inf``, also for dense
    input, where scikit-learn may compute ``0 * inf = nan``. A class without counts is then ruled out by any
    feature.

    Two errors are stricter than in scikit-learn. :meth:`partial_fit` refuses a label that is not one of the
    classes (scikit-learn drops the sample, or counts it for the first of two classes), and negative sample
    weights are refused.

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
    parameters, attributes and predictions. It is built for many classes, up to one per item of a catalogue:
    counts are kept sparse, :meth:`top_k` answers in bounded memory, :meth:`partial_fit` can add classes, and
    models fitted on parts of the data can be combined with :meth:`merge`.

    Parameters
    ----------
    alpha : float or array-like of shape (n_features,), default=1.0
        Additive (Laplace/Lidstone) smoothing parameter. Use 0 and ``force_alpha=True`` for no smoothing.

    force_alpha : bool, default=True
        If False and `alpha` is less than 1e-10, `alpha` is set to 1e-10 and a warning is given.

    binarize : float or None, default=0.0
        Features above this threshold are present, the others absent. None means that X holds 0 and 1 already.

    fit_prior : bool, default=True
        Whether to learn the prior of the classes. If False, all classes have the same prior.

    class_prior : array-like of shape (n_classes,), default=None
        Prior probabilities of the classes. None means that `fit_prior` decides.

    new_classes : {"error", "add"}, default="error"
        What :meth:`partial_fit` does with an unknown label: raise an error, or add it as a class.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels, sorted.

    class_count_ : ndarray of shape (n_classes,)
        Weighted number of samples of each class.

    class_log_prior_ : ndarray of shape (n_classes,)
        Log probability of each class.

    feature_count_ : ndarray of shape (n_classes, n_features)
        Weighted number of samples of each class that have each feature. It is stored sparse and converted to
        a dense array each time it is read.

    feature_log_prob_ : ndarray of shape (n_classes, n_features)
        Log probability of each feature in each class. The dense array is computed each time it is read.

    n_features_in_ : int
        Number of features seen during :meth:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen during :meth:`fit`. Only defined if `X` has names that are all strings.

    Notes
    -----
    Fitting takes O(nonzeros of X) time and memory (for a dense X, all entries), plus a sort of the distinct
    labels. Scoring one sample takes at most O(n_classes) time: the features that it lacks are summed once for
    each class. With an `alpha` of m distinct values, memory and time grow by O(m n_classes).

    An array `alpha` smooths the probability of feature j in a class of n samples to
    ``(count + alpha[j]) / (n + 2 * alpha[j])``; scikit-learn's ``BernoulliNB`` documents it but fails. With
    ``alpha=0``, a feature that no sample of a class has, or all have, rules the class out for samples that do
    not agree: their score is ``-inf``, where scikit-learn may return NaN.

    Two errors are stricter than in scikit-learn. :meth:`partial_fit` refuses a label that is not one of the
    classes (scikit-learn drops the sample, or counts it for the first of two classes), and negative sample
    weights are refused.

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
        """Log probabilities of the features, (n_classes, n_features), dense."""
        self._fitted_scores("feature_log_prob_")
        return self._scores.log_probabilities(np.arange(len(self.classes_)))

    def _read(self, X: Matrix) -> Matrix:
        return X if self.binarize is None else as_binary(X, self.binarize)

    def _score_by(
        self, counts: ClassCounts, alpha: float | np.ndarray, log_prior: np.ndarray
    ) -> BernoulliScores:
        return BernoulliScores(counts.feature_count, counts.class_count, alpha, log_prior, self.binarize)


class CatalogueNB(CountingClassifier):
    """Naive Bayes for recommending items: what an item is, how popular it is, and who asked for it.

    Each item is a class. A row of X says which features were asked for, and y which item was chosen; a
    nonzero entry means that the feature was asked for, whatever its size. Other rows, marked in
    ``describes``, say what an item *is*. Most items have few rows, so their counts are shrunk towards
    those of all items.

    With n[g] the weighted number of rows that chose item g, and n[g, f] the number of those that asked for
    feature f, the score of g is::

        popularity * log(n[g] + smoothing)
        + match * number of groups of which an asked feature describes g
        + weight * mean over the asked features f of
              log((n[g, f] + shrinkage * rate[g, f]) / ((n[g] + shrinkage) * all[f]))

    Here ``all[f]`` is the share of all rows that asked for f. If f describes g, ``rate[g, f]`` is its
    share in the rows that chose an item described by f; otherwise its share in the other rows. All shares
    count half a row more with the feature, and half a row more without it.

    Parameters
    ----------
    shrinkage : float or "auto", default="auto"
        How many rows of its own an item needs before they count as much as those of all items. "auto" chooses
        the value of the highest evidence if the counts are beta-binomial, from 0.8 to 12,800 in steps of a
        fifth; 100 if the counts cannot tell. Weights below 1 mislead it: scale the sample weights so that the
        lowest is 1. Choose a higher number if many rows come from the same people, who ask alike, and a lower
        one if items differ more than their rows show.

    weight : float, default=1.5
        Factor of what was asked for by those who chose the item. It multiplies a mean over the asked
        features, because several of them often say the same. Values from 1 to 2 suit most data: less if a
        question is a few words, more if it is a long history of items. 0 leaves popularity and matches.

    popularity : float, default=1.0
        Factor of the logarithm of how often an item was chosen. 1 is right if people go on choosing as they
        did. Choose less, down to 0, if rare items should be shown more often than they were chosen.

    match : float or "auto", default="auto"
        What the score gains for each group in which an asked feature describes the item. "auto" chooses a
        number for each group (see Notes): large if nearly all rows chose an item that is what they asked for,
        0 if they hardly cared. Choose a large number, such as 1000, if items must meet the question, such as
        a budget. Choose 0 if it is a taste: people who like comedies do not watch only these.

    smoothing : float, default=1.0
        Added to how often an item was chosen. The lower it is, the later items come that nobody has chosen
        yet. Choose more if new items should have a chance.

    groups : array-like of shape (n_features,), default=None
        One label for each column of X. Columns of the same label are values of the same thing, such as
        budgets or types, and match once at most. None means that all columns are one group.

    new_classes : {"add", "error"}, default="add"
        What :meth:`partial_fit` does with an unknown label: add it as a class, or raise an error.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels, sorted.

    class_count_ : ndarray of shape (n_classes,)
        Weighted number of rows that chose each class. Descriptions do not count.

    described_ : ndarray of shape (n_classes, n_features)
        1 where a feature describes a class, otherwise 0. It is stored sparse and converted to a dense
        array each time it is read.

    feature_count_ : ndarray of shape (n_classes, n_features)
        Weighted number of rows that chose each class and asked for each feature. It is stored sparse and
        converted to a dense array each time it is read.

    match_ : dict
        The match used for each label in `groups`, or for None if there are no groups. "auto" is resolved when
        it is read, or when the first row is scored.

    shrinkage_ : float
        The shrinkage used. "auto" is resolved when it is read, or when the first row is scored.

    n_features_in_ : int
        Number of features seen during :meth:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen during :meth:`fit`. Only defined if `X` has names that are all strings.

    Notes
    -----
    Fitting takes O(nonzeros of X) time and memory, plus a sort of the distinct labels. The first score
    after a change computes the weights from the counts, which takes about as long. Scoring one row takes
    O(n_classes) time at most.

    With ``match="auto"``, the match of a group is ``2 * max(0, ratio - 1)``. Here ``ratio`` is the log odds
    that an asked feature of the group describes the chosen item, less the log odds that it would if items
    were chosen by popularity alone; half a case is added on each side. It is averaged with 3, a match of 4,
    which counts as much as ten asked features: without choices, a question is taken for a constraint.

    The state is a sum of counts and a union of descriptions, so chunks and merged models give the same
    model as one :meth:`fit`: exactly if the sample weights are whole numbers, otherwise up to rounding.
    :meth:`predict_proba` normalises the exponentials of the scores. They are probabilities of a choice
    only as far as `weight` and `match` fit the data.

    References
    ----------
    Gelman, A., Carlin, J. B., Stern, H. S., Dunson, D. B., Vehtari, A. and Rubin, D. B. (2013). Bayesian Data
    Analysis, third edition. Section 5.3 has the beta-binomial model of several experiments.

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
        """Fit the classifier: count what was asked for, and note what the items are.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training samples. A feature was asked for if its entry is not 0.

        y : array-like of shape (n_samples,)
            The item of each row: all strings, all whole numbers or all NumPy dates.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples. A sample of weight 2 counts as two equal samples.

        describes : array-like of shape (n_samples,), default=None
            True for rows that say what their item is. They do not count as choices, and their weight does not
            matter unless it is 0. None means that no row does.

        Returns
        -------
        self : object
            The fitted classifier.

        Raises
        ------
        ValueError
            If X contains NaN or infinite values, if y contains missing or continuous labels, labels of
            several kinds or strings that end in a NUL character, if `sample_weight` is negative anywhere
            or zero everywhere, if `describes` does not hold True or False for each sample, or if `groups`
            does not hold one label for each feature. The classifier is then not fitted.
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

        Calls with parts of the data give the same model as one call of :meth:`fit` with all of it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training samples, as for :meth:`fit`.

        y : array-like of shape (n_samples,)
            The item of each row, as for :meth:`fit`.

        classes : array-like of shape (n_classes,), default=None
            Labels that can occur in y. They become classes. With ``new_classes="error"``, this is required in
            the first call and must hold all labels.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, as for :meth:`fit`.

        describes : array-like of shape (n_samples,), default=None
            True for rows that say what their item is, as for :meth:`fit`.

        Returns
        -------
        self : object
            The updated classifier.

        Raises
        ------
        ValueError
            In the cases listed for :meth:`fit`; with ``new_classes="error"`` also if `classes` is missing
            in the first call or differs in a later one, or if y contains an unknown label. The classifier
            is then unchanged.
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
        """Return the counts and descriptions of some samples, without changing the classifier.

        Those of several parts of the data can be computed on different machines, added up with their method
        ``merge``, and given to :meth:`fit_state`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples, as for :meth:`fit`.

        y : array-like of shape (n_samples,)
            The item of each row, as for :meth:`fit`.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, as for :meth:`fit`, but they may be zero everywhere: the labels are then
            classes without counts.

        describes : array-like of shape (n_samples,), default=None
            True for rows that say what their item is, as for :meth:`fit`.

        Returns
        -------
        state : ClassCounts
            Its method ``merge(other)`` returns the counts of both sets of samples. It can be pickled.

        Raises
        ------
        ValueError
            In the cases listed for :meth:`fit`.
        """
        return self._additive_state(X, y, sample_weight, describes)

    @property
    def described_(self) -> np.ndarray:
        """1 where a feature describes a class, (n_classes, n_features), dense."""
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
        """Return the number of the group of each feature, (n_features,)."""
        if self.groups is None:
            return np.zeros(n_features, dtype=np.intp)
        labels = column_or_1d(exact_labels(self.groups))
        if len(labels) != n_features:
            raise ValueError(
                f"The 'groups' parameter of CatalogueNB must hold one label for each of the {n_features} "
                f"features. Got {len(labels)} labels."
            )
        groups = pd.factorize(labels)[0]
        if (groups < 0).any():
            raise ValueError("The 'groups' parameter of CatalogueNB must not hold missing labels.")
        return groups
