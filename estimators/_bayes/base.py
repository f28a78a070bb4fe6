"""Base classes of the four naive Bayes classifiers: counting, scoring and merging."""

import warnings
from functools import reduce
from numbers import Integral, Real
from typing import Literal, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike
from scipy.special import logsumexp
from sklearn.base import clone
from sklearn.utils import Tags, check_array, check_consistent_length, column_or_1d
from sklearn.utils.validation import check_is_fitted

from estimators._bayes.counts import ClassCounts, count_by_class
from estimators._bayes.one_row import RowScorer
from estimators._bayes.scores import Scores
from estimators._bayes.sparse import as_pattern
from estimators._common.accuracy import ExactClassifierMixin
from estimators._common.labels import (
    encode_classes,
    encode_labels,
    encode_polars_text,
    exact_labels,
    known_classes,
    locate_labels,
    unite_labels,
)
from estimators._common.matrices import Matrix, MatrixLike, validate_data
from estimators._common.merging import check_mergeable, set_features
from estimators._common.scikit_learn import (
    DisplaysSome,
    Interval,
    StrOptions,
    check_sample_weight,
    fit_context,
)

SMALLEST_ALPHA = 1e-10


class CountingClassifier(ExactClassifierMixin, DisplaysSome):
    """Base class that counts features per class. Subclasses define how rows are counted and scored."""

    new_classes: Literal["error", "add"]
    _describable = False  # whether rows can describe their class
    _kind_of_scores: type[Scores]
    _derived: tuple[str, ...] = ("feature_count_", "feature_log_prob_")  # computed each time they are read
    _not_displayed = _derived  # dense arrays, which are expensive to compute

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the classifier: count the features of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training samples. For ComplementNB and MultinomialNB, the features must be non-negative, such as
            counts, frequencies, or zeros and ones.

        y : array-like of shape (n_samples,)
            Class labels: all strings, all whole numbers or all NumPy dates. Integers keep their exact values,
            even in nullable columns.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples. A sample with weight 2 counts as two identical samples. If None, all
            samples have weight 1.

        Returns
        -------
        self : object
            The fitted classifier.

        Raises
        ------
        ValueError
            If X contains NaN, infinite values, or negative values where they are not allowed; if y contains
            missing or continuous labels, labels of different kinds, or strings that end with a NUL character;
            or if a sample weight is negative or all of them are zero. The classifier is then not fitted.
        TypeError
            If the labels are bytes.
        """
        return self._fit(X, y, sample_weight)

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Update the classifier with more samples.

        Calling this method on parts of the data gives the same model as calling :meth:`fit` on all of it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training samples, as in :meth:`fit`.

        y : array-like of shape (n_samples,)
            Class labels, as in :meth:`fit`.

        classes : array-like of shape (n_classes,), default=None
            All labels that can occur in y. If ``new_classes="error"``, this parameter is required in the
            first call and optional in later calls. If ``new_classes="add"``, it is always optional.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, as in :meth:`fit`.

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
        return self._partial_fit(X, y, classes, sample_weight)

    def merge(self, other: Self) -> Self:
        """Add the counts of another fitted classifier to this one.

        Parameters
        ----------
        other : object
            A classifier of the same class, fitted with the same parameters on the same features. Its labels
            may differ.

        Returns
        -------
        self : object
            This classifier, now equal to one fitted on the samples of both classifiers. If features or sample
            weights are not whole numbers, it is equal up to rounding.

        Raises
        ------
        TypeError
            If `other` is not a classifier of the same class.
        ValueError
            If the parameters or the features differ. In this case, neither classifier is changed.
        """
        check_mergeable(self, other)
        return self._set_counts(self._counts.merge(other._counts))

    @fit_context(prefer_skip_nested_validation=True)
    def additive_state(
        self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> ClassCounts:
        """Return the counts of the given samples, without changing the classifier.

        The counts of different parts of the data can be computed on different machines, merged with their
        method ``merge``, and passed to :meth:`fit_state`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples, as in :meth:`fit`.

        y : array-like of shape (n_samples,)
            Class labels, as in :meth:`fit`.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, as in :meth:`fit`, except that all of them may be zero. The labels are
            then classes without counts.

        Returns
        -------
        state : ClassCounts
            The counts. ``state.merge(other)`` returns the counts of both sets of samples. The state can be
            pickled.

        Raises
        ------
        ValueError
            As in :meth:`fit`, except that all sample weights may be zero.

        Examples
        --------
        >>> from estimators import ComplementNB
        >>> model = ComplementNB()
        >>> monday = model.additive_state([[1, 0], [0, 1]], ["Tetris", "Celeste"])
        >>> tuesday = model.additive_state([[1, 1]], ["Portal"])
        >>> model.fit_state(monday.merge(tuesday)).classes_
        array(['Celeste', 'Portal', 'Tetris'], dtype='<U7')
        """
        return self._additive_state(X, y, sample_weight)

    @fit_context(prefer_skip_nested_validation=True)
    def fit_state(self, state: ClassCounts) -> Self:
        """Fit the classifier from counts, with the same result as :meth:`fit` on the counted samples.

        Parameters
        ----------
        state : ClassCounts
            The counts returned by :meth:`additive_state`, or several such counts merged.

        Returns
        -------
        self : object
            The fitted classifier.

        Raises
        ------
        ValueError
            If all sample weights are zero, or if a parameter does not match the number of classes or
            features.
        """
        if state.is_empty:
            raise ValueError(
                "The 'state' parameter of fit_state must contain at least one sample with a positive weight. "
                "Got a state with a total weight of 0."
            )
        self._forget()
        set_features(self, state.n_features, state.feature_names)
        return self._set_counts(state)

    def fitted_state(self) -> ClassCounts:
        """Return the counts that the classifier was fitted on, in sparse form.

        They can be merged with those of :meth:`additive_state`, or passed to :meth:`fit_state` after a
        parameter has been changed.

        Returns
        -------
        state : ClassCounts
            The counts. Its attributes are ``classes``, ``class_count``, and ``feature_count``, a CSR array of
            shape (n_classes, n_features). For CatalogueNB, there is also ``described``, a CSR array of the
            same shape.

        Examples
        --------
        >>> from estimators import ComplementNB
        >>> model = ComplementNB().fit([[1, 0], [0, 2]], ["Tetris", "Portal"])
        >>> model.fitted_state().feature_count.toarray()
        array([[0., 2.],
               [1., 0.]])
        """
        check_is_fitted(self)
        return self._counts

    def predict(self, X: MatrixLike) -> np.ndarray:
        """Return the class with the highest score for each sample, or the first of classes with equal scores.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            Predicted labels.

        Raises
        ------
        ValueError
            If X contains NaN, infinity, text or dates, or if its features are not those seen in :meth:`fit`.
        """
        X = self._check_X(X)
        best = np.empty(X.shape[0], dtype=np.intp)
        for rows, scores in self._scores.score_chunks(X):
            best[rows] = self._scores.profiles.first_class[scores.argmax(axis=1)]
        return self.classes_[best]

    def top_k(self, X: MatrixLike, k: int = 5) -> tuple[np.ndarray, np.ndarray]:
        """Return the k classes with the highest scores for each sample, best first.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        k : int, default=5
            Number of classes to return. If there are fewer than `k` classes, all of them are returned.

        Returns
        -------
        labels : ndarray of shape (n_samples, min(k, n_classes))
            Labels, best first. Classes with equal scores are in the order of ``classes_``.

        scores : ndarray of shape (n_samples, min(k, n_classes))
            The scores of these classes, as returned by :meth:`predict_joint_log_proba`.

        Raises
        ------
        ValueError
            If `k` is not a positive integer.

        Notes
        -----
        Each sample takes at most O(n_classes) time. Samples are scored in chunks, so no array of shape
        (n_samples, n_classes) is allocated.
        """
        if not isinstance(k, Integral) or isinstance(k, bool) or k < 1:
            raise ValueError(
                f"The 'k' parameter of top_k must be an int in the range [1, inf). Got {k!r} instead."
            )
        X = self._check_X(X)
        best, best_scores = self._scores.top_k(X, min(int(k), len(self.classes_)))
        return self.classes_[best], best_scores

    def row_scorer(self) -> RowScorer:
        """Return a snapshot of the classifier that scores one row at a time in microseconds.

        :meth:`top_k` checks its input, which takes longer than scoring a single row. The snapshot skips these
        checks and returns the same classes and scores. It does not change when the classifier is updated.

        Returns
        -------
        scorer : RowScorer
            An object that scores single rows. ``row(places, values)`` and ``as_row(X)`` return a row of shape
            (1, n_features). ``top_k(row, k)`` and ``top_k_among(row, classes, k)`` return the indices of the
            best classes and their scores. ``weights(index)`` returns the weights of one class.
            ``intercept(index)`` and ``contributions(row, index)`` add up to the score of one class.

        Examples
        --------
        >>> from estimators import ComplementNB
        >>> model = ComplementNB().fit([[1, 0, 1], [0, 1, 1]], ["Tetris", "Portal"])
        >>> scorer = model.row_scorer()
        >>> best, scores = scorer.top_k(scorer.row([0], [1.0]), k=1)
        >>> model.classes_[best]
        array(['Tetris'], dtype='<U6')
        """
        check_is_fitted(self)
        return RowScorer(self._scores)

    def predict_joint_log_proba(self, X: MatrixLike) -> np.ndarray:
        """Return the score of each class: the joint log-likelihood, up to a constant per sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        scores : ndarray of shape (n_samples, n_classes)
            Columns are in the order of ``classes_``.

        Raises
        ------
        ValueError
            If X contains NaN, infinity, text or dates, or if its features are not those seen in :meth:`fit`.
        """
        X = self._check_X(X)
        joint = np.empty((X.shape[0], len(self.classes_)))
        for rows, scores in self._scores.score_chunks(X):
            joint[rows] = scores[:, self._scores.profiles.of_class]
        return joint

    def predict_log_proba(self, X: MatrixLike) -> np.ndarray:
        """Return the logarithm of the class probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        log_proba : ndarray of shape (n_samples, n_classes)
            Columns are in the order of ``classes_``.

        Raises
        ------
        ValueError
            If X contains NaN, infinity, text or dates, or if its features are not those seen in :meth:`fit`.
        """
        joint = self.predict_joint_log_proba(X)
        joint -= logsumexp(joint, axis=1, keepdims=True)
        return joint

    def predict_proba(self, X: MatrixLike) -> np.ndarray:
        """Return the class probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            Columns are in the order of ``classes_``, and each row sums to 1. If you only need the best of
            many classes, :meth:`top_k` is faster.

        Raises
        ------
        ValueError
            If X contains NaN, infinity, text or dates, or if its features are not those seen in :meth:`fit`.
        """
        log_proba = self.predict_log_proba(X)
        return np.exp(log_proba, out=log_proba)

    @property
    def feature_count_(self) -> np.ndarray:
        """Weighted sum of each feature in each class, as a dense array of shape (n_classes, n_features)."""
        return self._fitted_scores("feature_count_").counts.toarray()

    def __dir__(self) -> list[str]:
        """List the attributes. Those computed from the counts are listed only if the classifier is fitted."""
        hidden = () if self.__sklearn_is_fitted__() else self._derived
        return [name for name in super().__dir__() if name not in hidden]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_scores")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.poor_score = True
        return tags

    def __getstate__(self) -> dict[str, object]:
        """Return plain data: the counts and parameters of the scores instead of the `Scores` object."""
        state = super().__getstate__()
        return state | {"_scores": self._scores.__getstate__()} if "_scores" in state else state

    def __setstate__(self, state: dict) -> None:
        if "_scores" in state:
            state = state | {"_scores": self._kind_of_scores(**state["_scores"])}
        super().__setstate__(state)

    @property
    def _counts(self) -> ClassCounts:
        names, scores = getattr(self, "feature_names_in_", None), self._scores
        return ClassCounts(self.classes_, self.class_count_, scores.counts, names, scores.described)

    def _fitted_scores(self, name: str) -> Scores:
        if not self.__sklearn_is_fitted__():
            kind = type(self).__name__
            raise AttributeError(f"{kind!r} object has no attribute {name!r}, because it is not fitted yet.")
        return self._scores

    def _check_X(self, X: MatrixLike) -> Matrix:
        check_is_fitted(self)
        return X if is_valid(X, self) else validate_data(self, X, accept_sparse="csr", reset=False)

    def _check_X_y(self, X: MatrixLike, y: ArrayLike, reset: bool) -> tuple[Matrix, np.ndarray, np.ndarray]:
        """Return the samples, the distinct labels and the code of each sample's label."""
        labels, y = encode_polars_text(y)
        X, target = validate_data(self, X, exact_labels(y), accept_sparse="csr", reset=reset)
        distinct, codes = encode_labels(target)
        return X, distinct if labels is None else labels, codes

    def _fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        describes: ArrayLike | None = None,
    ) -> Self:
        self._forget()
        # these attributes are set even if the fit fails later
        X, self.classes_, codes = self._check_X_y(X, y, reset=True)
        return self._set_counts(self._count(X, self.classes_, codes, sample_weight, describes))

    def _partial_fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        classes: ArrayLike | None,
        sample_weight: ArrayLike | None,
        describes: ArrayLike | None = None,
    ) -> Self:
        first = not self.__sklearn_is_fitted__()
        X, labels, codes = self._check_X_y(X, y, reset=first)
        known = self._known_classes(classes, labels)
        position, found = locate_labels(labels, known)
        if not found.all():
            raise ValueError(
                f"The target label(s) {labels[~found][:10].tolist()} in y do not exist in the initial "
                'classes. Pass every label in `classes`, or set new_classes="add".'
            )
        counts = self._count(X, labels, codes, sample_weight, describes).spread(known, position)
        return self._set_counts(counts if first else self._counts.merge(counts))

    def _additive_state(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        describes: ArrayLike | None = None,
    ) -> ClassCounts:
        reader = clone(self)
        X, labels, codes = reader._check_X_y(X, y, reset=True)
        return reader._count(X, labels, codes, sample_weight, describes, allow_all_zero_weights=True)

    def _count(
        self,
        X: Matrix,
        classes: np.ndarray,
        codes: np.ndarray,
        sample_weight: ArrayLike | None,
        describes: ArrayLike | None,
        allow_all_zero_weights: bool = False,
    ) -> ClassCounts:
        """Return the counts of the given rows. `describes` marks the rows that describe their class."""
        X = self._read(X)
        allowed = {"ensure_non_negative": True, "allow_all_zero_weights": allow_all_zero_weights}
        # if it is None, all weights are 1
        weight = check_sample_weight(sample_weight, X, **allowed).astype(np.float64)
        counts, described = weight, None
        if self._describable:
            is_description = check_mask(describes, X)
            counts = np.where(is_description, 0.0, weight)
            rows = is_description & (weight > 0)
            described = as_pattern(count_by_class(X[rows], codes[rows], weight[rows], len(classes)))
        names = getattr(self, "feature_names_in_", None)
        class_count = np.bincount(codes, counts, len(classes))
        return ClassCounts(
            classes, class_count, count_by_class(X, codes, counts, len(classes)), names, described
        )

    def _read(self, X: Matrix) -> Matrix:
        """Return the features of the given rows in the form in which they are counted."""
        raise NotImplementedError

    def _forget(self) -> None:
        """Remove the fitted attributes, so that a failed fit does not leave old counts with new features."""
        for name in ("_scores", "classes_", "class_count_", "class_log_prior_", "feature_all_"):
            self.__dict__.pop(name, None)

    def _set_counts(self, counts: ClassCounts) -> Self:
        """Check the parameters that depend on the counts, then set the fitted attributes."""
        raise NotImplementedError

    def _set_fitted(self, counts: ClassCounts, scores: Scores) -> Self:
        self.classes_, self.class_count_, self._scores = counts.classes, counts.class_count, scores
        return self

    def _known_classes(self, classes: ArrayLike | None, labels: np.ndarray) -> np.ndarray:
        """Return the classes after this call of partial_fit: the known classes and the new ones."""
        if self.new_classes == "error":
            return known_classes(classes, getattr(self, "classes_", None))  # a failed fit also sets classes_
        known = [self.classes_] if self.__sklearn_is_fitted__() else []
        given = [] if classes is None else [encode_classes(classes)]
        return reduce(unite_labels, [*known, *given, labels])


class SmoothedClassifier(CountingClassifier):
    """Base class of the classifiers with additive smoothing and class priors."""

    alpha: float | ArrayLike
    force_alpha: bool
    fit_prior: bool
    class_prior: ArrayLike | None
    _parameter_constraints: dict = {
        "alpha": [Interval(Real, 0, None, closed="left"), "array-like"],
        "force_alpha": ["boolean"],
        "fit_prior": ["boolean"],
        "class_prior": ["array-like", None],
        "new_classes": [StrOptions({"error", "add"})],
    }

    def class_weights(self, labels: ArrayLike) -> np.ndarray:
        """Return the weights of the given classes, without computing those of all classes.

        Parameters
        ----------
        labels : array-like of shape (n_labels,)
            Labels of the classes.

        Returns
        -------
        weights : ndarray of shape (n_labels, n_features)
            The weights of these classes, in the order of `labels`. A weight is the amount that one unit of
            the feature adds to the score of the class: an entry of ``feature_log_prob_`` for ComplementNB and
            MultinomialNB, and the log odds of the feature for BernoulliNB.

        Raises
        ------
        ValueError
            If a label is not one of the classes.
        TypeError
            If the labels are bytes.
        """
        check_is_fitted(self)
        given = np.asarray(column_or_1d(exact_labels(labels)))
        if not len(given):
            return np.empty((0, self.n_features_in_))
        distinct, codes = encode_labels(given)
        position, found = locate_labels(distinct, self.classes_)
        if not found.all():
            raise ValueError(
                f"The 'labels' parameter of class_weights must contain only labels from classes_. Got "
                f"{distinct[~found][:10].tolist()}, which are not among the {len(self.classes_)} classes."
            )
        return self._scores.weights(position[codes])

    @property
    def feature_log_prob_(self) -> np.ndarray:
        """Weight of each feature for each class, as a dense array of shape (n_classes, n_features)."""
        return self._fitted_scores("feature_log_prob_").weights(np.arange(len(self.classes_)))

    def _score_by(self, counts: ClassCounts, alpha: float | np.ndarray, log_prior: np.ndarray) -> Scores:
        """Return the `Scores` object for these counts."""
        raise NotImplementedError

    def _set_counts(self, counts: ClassCounts) -> Self:
        alpha, log_prior = self._check_alpha(), self._log_prior(counts.class_count)
        self.class_log_prior_ = log_prior
        return self._set_fitted(counts, self._score_by(counts, alpha, log_prior))

    def _check_alpha(self) -> float | np.ndarray:
        """Return alpha as numbers, raised to the smallest safe value unless `force_alpha` is True."""
        if isinstance(self.alpha, Real) or np.ndim(self.alpha) == 0:
            alpha: float | np.ndarray = float(self.alpha)  # type: ignore[arg-type]
        else:
            alpha = values = check_array(self.alpha, ensure_2d=False, dtype=np.float64, input_name="alpha")
            if values.shape != (self.n_features_in_,):
                raise ValueError(
                    "When alpha is an array, it should contains `n_features`. "
                    f"Got {' x '.join(map(str, values.shape))} elements instead of {self.n_features_in_}."
                )
            if not (values >= 0).all():
                raise ValueError("All values in alpha must be greater than 0.")
        if np.min(alpha) < SMALLEST_ALPHA and not self.force_alpha:
            warnings.warn(
                f"alpha too small will result in numeric errors, setting alpha = {SMALLEST_ALPHA:.1e}. "
                "Use `force_alpha=True` to keep alpha unchanged.",
                stacklevel=2,
            )
            return np.maximum(alpha, SMALLEST_ALPHA)
        return alpha

    def _log_prior(self, class_count: np.ndarray) -> np.ndarray:
        n_classes = len(class_count)
        if self.class_prior is not None:
            if len(self.class_prior) != n_classes:  # type: ignore[arg-type]
                raise ValueError("Number of priors must match number of classes.")
            return np.log(self.class_prior)
        if not self.fit_prior:
            return np.full(n_classes, -np.log(n_classes))
        with np.errstate(divide="ignore"):  # a known class may not have any samples yet
            return np.log(class_count) - np.log(class_count.sum())


def check_mask(describes: ArrayLike | None, X: Matrix) -> np.ndarray:
    """Return `describes` as a boolean mask of shape (n_samples,). None means that no row is a description."""
    if describes is None:
        return np.zeros(X.shape[0], dtype=bool)
    if np.ndim(describes) == 0:
        raise ValueError(
            "The 'describes' parameter must be an array with True or False for each row. "
            f"Got {describes!r} instead."
        )
    mask = column_or_1d(check_array(describes, ensure_2d=False, dtype=None, input_name="describes"))
    check_consistent_length(X, mask)
    if not np.isin(mask, (0, 1)).all():
        raise ValueError(
            "The 'describes' parameter must contain only True and False. Got "
            f"{mask[~np.isin(mask, (0, 1))][:10].tolist()}."
        )
    return mask.astype(bool)


def is_valid(X: MatrixLike, model: CountingClassifier) -> bool:
    """Return True if `validate_data` would return X unchanged.

    `validate_data` takes as long as scoring half a million classes. These checks take a tenth of that time.
    """
    return (
        isinstance(X, (sp.csr_array, sp.csr_matrix))
        and X.dtype == np.float64
        and X.ndim == 2
        and X.shape[0] > 0
        and X.shape[1] == model.n_features_in_
        and not hasattr(model, "feature_names_in_")
        and bool(np.isfinite(X.data).all())
    )
