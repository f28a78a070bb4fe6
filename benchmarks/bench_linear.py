"""Compare least squares with scikit-learn, Intel's extension, a textbook loop and a matrix product."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, Ridge, SGDRegressor, lasso_path
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from benchmarks._harness import Row, compare
from benchmarks._linear_shapes import shapes
from estimators import GDRegressor, PolynomialRegressor

try:
    import daal4py
    from sklearnex.linear_model import LinearRegression as IntelLinearRegression

    daal4py.daalinit(1)  # daal4py has its own setting for threads
except ImportError:  # not available for all processors and operating systems
    IntelLinearRegression = None


def made(n_rows: int, n_columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Return independent columns and a linear target with noise of standard deviation 1."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, n_columns))
    return X, X @ rng.standard_normal(n_columns) + 3 + rng.standard_normal(n_rows)


def run() -> list[Row]:
    """Benchmark least squares, textbook descent, the lasso and polynomials, then data of many shapes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # exactly 20,000 steps are taken
        return [*least_squares(), *textbook(), lasso(), *polynomial(), *shapes()]


def same_weights(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-8 * np.abs(theirs).max())


def least_squares() -> list[Row]:
    """Benchmark fits to 1e6 rows with 50 columns."""
    X, y = made(10**6, 50)
    far, alpha = X + 100, 1.0

    def ours() -> np.ndarray:
        return GDRegressor().fit(X, y).coef_

    def ridge() -> np.ndarray:
        return GDRegressor(alpha=alpha / len(X)).fit(X, y).coef_

    claim = "GDRegressor.fit, 1e6 x 50"
    rows = [
        compare(
            claim,
            ours,
            lambda: LinearRegression().fit(X, y).coef_,
            peer_name="LinearRegression",
            aim="10x, a hundredth of the memory",
            repeats=7,
            agree=same_weights,
        ),
        compare(
            f"{claim}, L2 penalty",
            ridge,
            lambda: Ridge(alpha, solver="cholesky").fit(X, y).coef_,
            peer_name="Ridge(solver='cholesky')",
            aim="1.8x",
            agree=same_weights,
        ),
        compare(
            claim,
            ours,
            lambda: X.T @ X,
            peer_name="the bare product X.T @ X",
            aim="0.77x (1.3 times as long)",
        ),
        compare(
            f"{claim}, columns around 100, which are copied block by block",
            lambda: GDRegressor().fit(far, y).coef_,
            lambda: far.T @ far,
            peer_name="the bare product X.T @ X",
            aim="",
        ),
    ]
    if IntelLinearRegression is not None:
        rows.append(
            compare(
                claim,
                ours,
                lambda: IntelLinearRegression().fit(X, y).coef_,
                peer_name="scikit-learn-intelex",
                aim="1.4x",
                agree=same_weights,
            )
        )
    return rows


def textbook() -> list[Row]:
    """Benchmark 20,000 steps on 1e5 rows with 20 columns. The loop runs 200 steps, and its time is multiplied by 100."""
    X, y = made(10**5, 20)
    rate, steps, part = 0.1, 20_000, 200

    def ours(steps: int = steps) -> np.ndarray:
        model = GDRegressor(learning_rate=rate, max_iter=steps).fit(X, y)
        return np.append(model.coef_, model.intercept_)

    def loop() -> np.ndarray:
        w, b = np.zeros(X.shape[1]), 0.0
        for _ in range(part):
            residual = X @ w + b - y
            w = w - rate * 2 / len(X) * (X.T @ residual)
            b = b - rate * 2 * residual.mean()
        return np.append(w, b)

    same_weights(ours(part), loop())
    row = compare(
        "GDRegressor.fit, 20,000 textbook steps, 1e5 x 20",
        ours,
        loop,
        peer_name="numpy loop (200 steps timed, 100 times that)",
        aim="1,000x",
    )
    row.ratio, row.peer_ms = row.ratio * steps / part, row.peer_ms * steps / part  # type: ignore[operator]
    return [row, against_sgd(X, y, ours)]


def against_sgd(X: np.ndarray, y: np.ndarray, ours) -> Row:
    """Compare with SGDRegressor at an accuracy of 1e-4, using the best of eight learning rate schedules."""
    end = LinearRegression().fit(X, y)
    goal = np.append(end.coef_, end.intercept_)

    def sgd(passes: int = 10) -> np.ndarray:
        model = SGDRegressor(penalty=None, eta0=0.1, power_t=0.75, max_iter=passes, tol=None, random_state=0)
        model.fit(X, y)
        return np.append(model.coef_, model.intercept_)

    def error(w: np.ndarray) -> float:
        return float(np.linalg.norm(w - goal) / np.linalg.norm(goal))

    reached = error(sgd())
    return compare(
        "GDRegressor.fit, 20,000 textbook steps, 1e5 x 20",
        ours,
        sgd,
        peer_name="SGDRegressor, 10 passes",
        aim="20x",
        note=f"errors of the weights: ours {error(ours()):.0e}, theirs {reached:.0e}",
    )


def lasso() -> Row:
    """Benchmark a lasso path with 20 penalties on 1e5 rows with 100 columns."""
    X, y = made(10**5, 100)
    alphas = np.geomspace(1, 1e-3, 20) * np.abs((X - X.mean(0)).T @ (y - y.mean())).max() / len(X)

    def ours() -> np.ndarray:
        return GDRegressor(alpha=alphas[0], l1_ratio=1.0).fit(X, y).alpha_path(alphas)[0]

    def theirs() -> np.ndarray:
        X_mean, y_mean = X.mean(axis=0), y.mean()
        centred = X - X_mean
        return lasso_path(centred, y - y_mean, alphas=alphas, precompute=centred.T @ centred)[1].T

    def close(mine: np.ndarray, others: np.ndarray) -> None:
        np.testing.assert_allclose(mine, others, rtol=0, atol=1e-4 * np.abs(others).max())  # Lasso's tol

    return compare(
        "Lasso path, 20 alphas, 1e5 x 100 (fit, alpha_path)",
        ours,
        theirs,
        peer_name="lasso_path, centring and Gram included",
        aim="1x",
        agree=close,
    )


def polynomial() -> list[Row]:
    """Benchmark a fit of degree 3 to 5e4 rows with 10 columns, which have 285 terms."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-3, 5, (50_000, 10))
    y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2] * X[:, 3] / 10 + rng.standard_normal(len(X))
    some = X[:1000]

    def pipeline(regressor) -> np.ndarray:
        expand = PolynomialFeatures(3, include_bias=False)
        return make_pipeline(expand, StandardScaler(), regressor).fit(X, y).predict(some)

    rows = []
    for regressor, aim in (
        (LinearRegression(), "5x, a tenth of the memory"),
        (Ridge(1e-6, solver="cholesky"), "2x"),
    ):
        rows.append(
            compare(
                "PolynomialRegressor.fit, 5e4 x 10, degree 3",
                lambda: PolynomialRegressor(degree=3).fit(X, y).predict(some),
                lambda regressor=regressor: pipeline(regressor),
                peer_name=f"PolynomialFeatures, StandardScaler, {type(regressor).__name__}",
                aim=aim,
                repeats=7,
                agree=lambda mine, others: np.testing.assert_allclose(mine, others, atol=1e-6),
            )
        )
    return [*rows, accuracy()]


def accuracy() -> Row:
    """Fit an exact polynomial of degree 10 on [5, 15]. The note states the largest prediction errors."""
    rng = np.random.default_rng(0)
    law = np.polynomial.Chebyshev(rng.standard_normal(11), domain=(5, 15))
    x = rng.uniform(5, 15, (1000, 1))
    y = law(x[:, 0])

    def ours() -> np.ndarray:
        return PolynomialRegressor(degree=10).fit(x, y).predict(x)

    def theirs() -> np.ndarray:
        expand = PolynomialFeatures(10, include_bias=False)
        exact = LinearRegression(tol=1e-15)  # the default ignores singular values below 1e-6
        return make_pipeline(expand, StandardScaler(), exact).fit(x, y).predict(x)

    errors = [float(np.abs(predict() - y).max() / np.abs(y).max()) for predict in (ours, theirs)]
    return compare(
        "PolynomialRegressor.fit, 1,000 x 1, degree 10",
        ours,
        theirs,
        peer_name="PolynomialFeatures, StandardScaler, LinearRegression",
        note=f"largest error: ours {errors[0]:.0e}, theirs {errors[1]:.0e}",
    )
