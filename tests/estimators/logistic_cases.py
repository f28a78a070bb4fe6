"""Data, the objective and textbook gradient descent, for the tests of GDClassifier."""

import numpy as np
import scipy.sparse as sp
from scipy.special import log_softmax


def data(n_classes=3, n_samples=400, n_features=7, seed=0, spread=1.0):
    """Correlated features with an offset, noisy labels of unequal frequency."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_samples, n_features)) @ rng.standard_normal((n_features, n_features)) + 1
    scores = spread * X @ rng.standard_normal((n_features, n_classes)) / n_features + np.arange(n_classes) / 2
    return X, np.argmax(scores + rng.gumbel(size=scores.shape), axis=1)


def objective(model, X, y, alpha, l1_ratio=0.0, weight=None):
    """The docstring's objective, of the coefficients of any linear classifier."""
    X = X.toarray() if sp.issparse(X) else np.asarray(X, dtype=np.float64)
    coef, codes = model.coef_.astype(float), np.searchsorted(model.classes_, y)
    scores = X @ coef.T + model.intercept_
    if scores.shape[1] == 1:
        scores = np.hstack([np.zeros_like(scores), scores])
    losses = -log_softmax(scores, axis=1)[np.arange(len(y)), codes]
    penalty = l1_ratio * np.abs(coef).sum() + (1 - l1_ratio) / 2 * (coef**2).sum()
    return np.average(losses, weights=weight) + alpha * penalty


def textbook_descent(X, y, n_classes, rate, steps, alpha, l1_ratio=0.0, weight=None):
    """Gradient descent on softmax, or on the log odds of class 1."""
    weight = np.ones(len(y)) if weight is None else weight
    W, b = np.zeros((1 if n_classes == 2 else n_classes, X.shape[1])), 0.0
    for _ in range(steps):
        scores = X @ W.T + b
        if n_classes == 2:
            residual = 1 / (1 + np.exp(-scores)) - (y == 1)[:, None]
        else:
            residual = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True) - np.eye(n_classes)[y]
        residual *= weight[:, None] / weight.sum()
        W, b = W - rate * (residual.T @ X + alpha * (1 - l1_ratio) * W), b - rate * residual.sum(axis=0)
        W = np.sign(W) * np.maximum(np.abs(W) - rate * alpha * l1_ratio, 0)
    return W, b
