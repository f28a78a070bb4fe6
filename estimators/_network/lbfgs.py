"""Training a network by L-BFGS, which uses all rows in each iteration and computes in float64."""

import numpy as np
from scipy.optimize import OptimizeResult, minimize

from estimators._common.callbacks import Task
from estimators._common.scikit_learn import check_optimize_result
from estimators._network.losses import Loss
from estimators._network.network import Network
from estimators._network.optimizers import Penalty
from estimators._network.settings import Settings
from estimators._network.state import TrainingState, snapshot
from estimators._network.training import NOT_FINITE, Backpropagation, Rows


class FullBatchTraining:
    """One fit of a model by L-BFGS.

    The line search needs float64, so a float64 copy of the network is trained.
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
        self.model, self.network, self.state = model, network, state
        self.loss, self.validation = loss, validation
        self.copy, (X, y, weight) = network.copy(dtype=np.float64), rows
        X = X.astype(np.float64, copy=False)
        y = y.astype(np.float64, copy=False) if y.dtype.kind == "f" else y  # class codes stay integers
        total = float(X.shape[0] if weight is None else weight.sum(dtype=np.float64))
        self.rows, self.share = Rows(X, y, weight), 1 / total
        self.factor = self.share if weight is None else weight[:, np.newaxis].astype(np.float64) / total
        self.gradient = np.zeros_like(self.copy.parameters)
        self.backpropagation = Backpropagation(self.copy, loss, X.shape[0], self.gradient)
        self.record = loss.new_record(X.shape[0], network.sizes[-1], np.float64)

    def run(self, task: Task) -> None:
        """Minimise the loss plus the penalty, with at most `max_iter` iterations."""
        model, state, stopped = self.model, self.state, False
        state.n_iter = 0

        def after(intermediate_result: OptimizeResult) -> None:
            nonlocal stopped
            self._record_iteration(intermediate_result)
            task.begin()
            stopped = task.end(lambda: snapshot(self.network, state))
            if stopped:
                raise StopIteration

        options = {"maxfun": model.max_fun, "maxiter": model.max_iter, "gtol": model.tol}
        start = self.copy.parameters.copy()
        result = minimize(
            self._objective, start, jac=True, method="L-BFGS-B", callback=after, options=options
        )
        state.loss = float(result.fun)
        if not np.isfinite(result.fun):
            raise ValueError(
                f"{NOT_FINITE} The loss became {state.loss} after iteration {result.nit}. Scale the "
                "features, for example with StandardScaler. The model keeps the weights of that iteration."
            )
        state.n_iter = result.nit if stopped else check_optimize_result("lbfgs", result, model.max_iter)
        self.network.parameters[...] = result.x

    def _objective(self, parameters: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the mean loss plus the penalty, and the gradient of this sum."""
        self.copy.parameters[...] = parameters
        self.backpropagation.run(self.rows.X, self.rows.y, self.factor, self.record, None)
        loss = np.average(self.loss.values(self.record, self.rows.y), weights=self.rows.weight)
        n, penalty = self.copy.n_weights, Penalty(float(self.model.alpha), 0.0)
        w, gradient = self.copy.parameters[:n], self.gradient[:n]
        return float(loss + penalty.add_gradient(w, gradient, self.share, np.empty(n))), self.gradient.copy()

    def _record_iteration(self, result: OptimizeResult) -> None:
        """Record the weights and results of an iteration."""
        state = self.state
        self.network.parameters[...] = result.x
        state.n_iter, state.loss = state.n_iter + 1, float(result.fun)
        results = {"loss": state.loss}
        if self.validation is not None:
            results["val_loss"], results["val_score"] = self.validation.evaluate(self.network, self.loss)
        state.add_to_history(results)
        self.model.__dict__.update(state.public())
