"""L-BFGS on the vector of a network's parameters: all rows at once, in float64."""

from collections.abc import Callable

import numpy as np
from scipy.optimize import OptimizeResult, minimize

from estimators._common.callbacks import Task
from estimators._common.scikit_learn import check_optimize_result
from estimators._network.losses import Loss
from estimators._network.network import Network
from estimators._network.optimizers import Penalty
from estimators._network.settings import Settings
from estimators._network.state import TrainingState, snapshot, warn_of_interrupt
from estimators._network.training import Rows

DIVERGED = (
    "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
    "preprocessed. The loss became {loss} after iteration {iteration}: scale the features (StandardScaler). "
    "The model keeps the weights after that iteration."
)


class FullBatchTraining:
    """One fit of a model by L-BFGS.

    The line search needs float64, so the network is copied if it has float32 weights.
    """

    def __init__(
        self,
        model: Settings,
        network: Network,
        loss: Loss,
        rows: Rows,
        validation: Rows | None,
        state: TrainingState,
    ) -> None:
        self.model, self.network, self.loss, self.rows = model, network, loss, rows
        self.validation, self.state = validation, state
        self._stopped = False

    def run(self, task: Task) -> None:
        """Minimise the loss with its penalty, for at most `max_iter` iterations."""
        model, state, copy = self.model, self.state, self.network.astype(np.float64)
        state.n_iter = 0
        try:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                result = minimize(
                    objective(copy, self.loss, self.rows, Penalty(float(model.alpha), 0.0)),
                    copy.parameters.copy(),
                    jac=True,
                    method="L-BFGS-B",
                    callback=lambda intermediate_result: self._after_iteration(intermediate_result, task),
                    options={"maxfun": model.max_fun, "maxiter": model.max_iter, "gtol": model.tol},
                )
            self._take(result)
        except KeyboardInterrupt:
            warn_of_interrupt(state.n_iter, "iterations", stacklevel=7)
        finally:
            state.publish(model)

    def _after_iteration(self, result: OptimizeResult, task: Task) -> None:
        """Record the results of an iteration, and stop the search if a callback asks for it."""
        state = self.state
        self.network.parameters[...] = result.x
        state.n_iter, state.loss = state.n_iter + 1, float(result.fun)
        results = {"loss": state.loss}
        if self.validation is not None:
            outputs = self.loss.activate(self.network.scores(self.validation.X))
            evaluated = self.loss.evaluate(outputs, self.validation.y, self.validation.weight)
            results["val_loss"], results["val_score"] = evaluated
        state.add_to_history(results)
        state.publish(self.model)
        task.begin()
        self._stopped = task.end(lambda: snapshot(self.network, state))
        if self._stopped:
            raise StopIteration

    def _take(self, result: OptimizeResult) -> None:
        """Take over the weights that the search ended with."""
        state = self.state
        state.loss = float(result.fun)
        if not np.isfinite(result.fun):
            raise ValueError(DIVERGED.format(loss=state.loss, iteration=result.nit))
        stopped, max_iter = self._stopped, self.model.max_iter
        state.n_iter = result.nit if stopped else check_optimize_result("lbfgs", result, max_iter)
        self.network.parameters[...] = result.x


def objective(
    network: Network, loss: Loss, rows: Rows, penalty: Penalty
) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    """Return a function from the parameters to the mean loss with its penalty, and its gradient."""
    n, n_outputs, dtype = rows.X.shape[0], network.sizes[-1], network.parameters.dtype
    X = rows.X.astype(dtype, copy=False)
    y = rows.y.astype(dtype, copy=False) if rows.y.dtype.kind == "f" else rows.y
    total = float(n) if rows.weight is None else float(rows.weight.sum(dtype=np.float64))
    factor = 1 / total if rows.weight is None else rows.weight[:, np.newaxis].astype(dtype) / total
    gradient, weights = np.zeros_like(network.parameters), slice(0, network.n_weights)
    layers, scratch = network.bound(n, gradient), np.empty(network.n_weights)
    record, buffers = loss.new_record(n, n_outputs, dtype), loss.new_scratch(n, n_outputs, dtype)

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
