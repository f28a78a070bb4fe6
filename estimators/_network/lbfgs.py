"""L-BFGS on the flat vector of a network: the whole data at once, in float64."""

from typing import Any

import numpy as np
from scipy.optimize import minimize

from estimators._common.scikit_learn import check_optimize_result
from estimators._network.network import Network
from estimators._network.optimizers import Penalty
from estimators._network.state import note, warn_of_interrupt
from estimators._network.training import Rows

DIVERGED = (
    "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
    "preprocessed. The loss became {loss} after iteration {iteration}: scale the features (StandardScaler). "
    "Kept: the weights after that iteration."
)


def fit_lbfgs(
    model: Any, network: Network, loss: Any, rows: Rows, validation: Rows | None, task: Any, attributes: Any
) -> None:
    """Minimise loss and penalty; the line search needs float64, so float32 data are copied once."""
    work, stopped = network.astype(np.float64), False
    model.n_iter_ = 0

    def after_iteration(intermediate_result: Any) -> None:
        nonlocal stopped
        network.parameters[...] = intermediate_result.x
        model.n_iter_, model.loss_ = model.n_iter_ + 1, float(intermediate_result.fun)
        noted = {"loss": model.loss_}
        if validation is not None:
            outputs = loss.activate(network.scores(validation.X))
            noted["val_loss"], noted["val_score"] = loss.evaluate(outputs, validation.y, validation.weight)
        note(model.history_, noted)
        task.begin()
        stopped = task.end(attributes)
        if stopped:
            raise StopIteration

    try:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            result = minimize(
                objective(work, loss, rows, Penalty(model.alpha, 0.0)),
                work.parameters.copy(),
                jac=True,
                method="L-BFGS-B",
                callback=after_iteration,
                options={"maxfun": model.max_fun, "maxiter": model.max_iter, "gtol": model.tol},
            )
    except KeyboardInterrupt:
        warn_of_interrupt(model, "iterations")
        return
    model.loss_ = float(result.fun)
    if not np.isfinite(result.fun):
        raise ValueError(DIVERGED.format(loss=model.loss_, iteration=result.nit))
    model.n_iter_ = result.nit if stopped else check_optimize_result("lbfgs", result, model.max_iter)
    network.parameters[...] = result.x


def objective(network: Network, loss: Any, rows: Rows, penalty: Penalty) -> Any:
    """Return a function from the flat vector to the mean loss with its penalty, and their gradient."""
    n, n_outputs, dtype = rows.X.shape[0], network.sizes[-1], network.parameters.dtype
    X = rows.X.astype(dtype, copy=False)
    y = rows.y.astype(dtype, copy=False) if rows.y.dtype.kind == "f" else rows.y
    total = float(n) if rows.weight is None else float(rows.weight.sum(dtype=np.float64))
    factor = 1 / total if rows.weight is None else rows.weight[:, np.newaxis].astype(dtype) / total
    gradient, weights = np.zeros_like(network.parameters), slice(0, network.n_weights)
    layers, scratch = network.bound(n, gradient), np.empty(network.n_weights)
    record, buffers = loss.record(n, n_outputs, dtype), loss.scratch(n, n_outputs, dtype)

    def value_and_gradient(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        network.parameters[...] = parameters
        A = X
        for layer in layers:
            A = layer.forward(A, True)
        D = loss.backward(A, y, factor, record, buffers)
        value = np.average(loss.values(record, y), weights=rows.weight)
        for layer in reversed(layers):
            D = layer.backward(D)
        value += penalty.add_gradient(network.parameters[weights], gradient[weights], 1 / total, scratch)
        return float(value), gradient.copy()

    return value_and_gradient
