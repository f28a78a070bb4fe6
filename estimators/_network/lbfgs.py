"""L-BFGS on the vector of a network's parameters: all rows at once, in float64."""

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

    The line search needs float64, so it works on a copy of the network.
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
        self.model, self.network, self.loss, self.validation, self.state = (
            model,
            network,
            loss,
            validation,
            state,
        )
        self.copy = network.astype(np.float64)
        X, y, weight = rows
        X = X.astype(np.float64, copy=False)
        y = y.astype(np.float64, copy=False) if y.dtype.kind == "f" else y
        self.rows = Rows(X, y, weight)
        total = X.shape[0] if weight is None else weight.sum(dtype=np.float64)
        self.share = 1 / float(total)
        self.factor = (
            self.share if weight is None else weight[:, np.newaxis].astype(np.float64) / float(total)
        )
        self.gradient = np.zeros_like(self.copy.parameters)
        self.backpropagation = Backpropagation(self.copy, loss, X.shape[0], self.gradient)
        self.record = loss.new_record(X.shape[0], network.sizes[-1], np.float64)

    def run(self, task: Task) -> None:
        """Minimise the loss with its penalty, for at most `max_iter` iterations."""
        model, state = self.model, self.state
        state.n_iter = 0
        stopped = False

        def after_iteration(intermediate_result: OptimizeResult) -> None:
            nonlocal stopped
            self._record_iteration(intermediate_result)
            task.begin()
            stopped = task.end(lambda: snapshot(self.network, state))
            if stopped:
                raise StopIteration

        result = minimize(
            self._objective,
            self.copy.parameters.copy(),
            jac=True,
            method="L-BFGS-B",
            callback=after_iteration,
            options={"maxfun": model.max_fun, "maxiter": model.max_iter, "gtol": model.tol},
        )
        state.loss = float(result.fun)
        if not np.isfinite(result.fun):
            raise ValueError(
                f"{NOT_FINITE} The loss became {state.loss} after iteration {result.nit}: scale the features "
                "(StandardScaler). The model keeps the weights after that iteration."
            )
        state.n_iter = result.nit if stopped else check_optimize_result("lbfgs", result, model.max_iter)
        self.network.parameters[...] = result.x

    def _objective(self, parameters: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the mean loss with its penalty, and its gradient."""
        (X, y, weight), n_weights = self.rows, self.copy.n_weights
        self.copy.parameters[...] = parameters
        self.backpropagation.run(X, y, self.factor, self.record, None)
        loss = np.average(self.loss.values(self.record, y), weights=weight)
        w, gradient, scratch = (
            self.copy.parameters[:n_weights],
            self.gradient[:n_weights],
            np.empty(n_weights),
        )
        penalty = Penalty(float(self.model.alpha), 0.0).add_gradient(w, gradient, self.share, scratch)
        return float(loss + penalty), self.gradient.copy()

    def _record_iteration(self, result: OptimizeResult) -> None:
        """Record the weights and the results of an iteration."""
        state, validation = self.state, self.validation
        self.network.parameters[...] = result.x
        state.n_iter, state.loss = state.n_iter + 1, float(result.fun)
        results = {"loss": state.loss}
        if validation is not None:
            scores = self.network.scores(validation.X)
            evaluated = self.loss.evaluate(scores, validation.y, validation.weight)
            results["val_loss"], results["val_score"] = evaluated
        state.add_to_history(results)
        self.model.__dict__.update(state.public())
