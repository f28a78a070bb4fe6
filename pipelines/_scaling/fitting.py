"""Read the batches in passes, and save the state so that an interrupted fit can continue."""

from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from sklearn.base import BaseEstimator

from pipelines._common.batch_bar import Advance, Shown, batch_bar
from pipelines._common.description import JSON, as_json, describe, installed_versions
from pipelines._common.files import replace
from pipelines._common.formats import ModelFileError, from_bytes, to_bytes
from pipelines._common.frames import Rows, n_rows_of
from pipelines._scaling.batches import (
    Batches,
    Names,
    Reader,
    check_batches,
    check_y_and_weight,
    n_rows_in,
    numbered,
)
from pipelines._scaling.nodes import Node, State, added
from pipelines._scaling.plan import plan_for
from pipelines._scaling.schema import located, located_error, noted
from pipelines._scaling.tallies import is_weightless

FORMAT = 1


@dataclass
class Fitting:
    """The state of a fit between two batches.

    Attributes
    ----------
    plan : the passes of the model and what its steps learn in them
    reader : splits a batch into X, y and weights
    described : the model and the columns, so that a checkpoint of another model is refused
    k : the current pass, from 0
    state : what was learned in this pass; None before the first rows
    n_batches : how many batches were read in this pass, including those without rows
    n_rows : how many rows were read in each pass
    has_weight : whether a row of this pass had a weight other than 0
    """

    plan: Node
    reader: Reader
    described: JSON = None
    k: int = 0
    state: State | None = None
    n_batches: int = 0
    n_rows: list[int] = field(default_factory=lambda: [0])
    has_weight: bool = False

    @classmethod
    def of(cls, model: BaseEstimator, y: Names, sample_weight: str | None, of: str) -> "Fitting":
        """Return a fit that has not started; `of` is the function that errors name."""
        check_y_and_weight(y, sample_weight, of)
        described = {"model": describe(model), "y": y, "sample_weight": sample_weight}
        return cls(plan_for(model), Reader(y, sample_weight), as_json(described, "model"))

    def read(self, batch: Rows, where: str) -> None:
        """Add a batch to the state of this pass."""
        self.n_batches += 1
        table = self.reader.split(batch, where)
        if table is not None:
            if table[2] is not None and not self.plan.weighted:
                raise located_error(where, TypeError("The last step of this model takes no sample_weight."))
            try:
                state = self.plan.read(self.k, *table)
            except (ValueError, TypeError) as error:
                raise located_error(where, error, noted(error, table[0])) from error
            with located(where):
                self.state = added(self.state, state)
            self.n_rows[-1] += n_rows_of(table[0])
            self.has_weight |= not is_weightless(table[2])

    def end_pass(self) -> None:
        """Close this pass and begin the next."""
        if self.n_rows[-1] != self.n_rows[0]:
            raise ValueError(
                f"Pass {self.k + 1} over the batches read {self.n_rows[-1]:,} rows, but the first pass read "
                f"{self.n_rows[0]:,}. Every pass must read the same batches."
            )
        if not self.has_weight:
            raise ValueError("The batches hold no rows to learn from, or all their weights are 0.")
        self.plan.close(self.k, self.state)
        self.k, self.state, self.n_batches, self.has_weight = self.k + 1, None, 0, False
        self.n_rows.append(0)


def fit(
    fitting: Fitting, batches: Batches, progress: Shown, checkpoint: Path | None, every: int
) -> BaseEstimator:
    """Run the remaining passes and return the fitted model."""
    check_batches(batches, fitting.plan.n_passes)
    known = getattr(batches, "n_rows", None)
    total = known() if progress is not False and callable(known) else None
    while fitting.k < fitting.plan.n_passes:
        title = f"pass {fitting.k + 1} of {fitting.plan.n_passes}"
        total = fitting.n_rows[0] if fitting.k else total
        with batch_bar(progress, title, total, fitting.n_rows[-1]) as advance:
            _one_pass(fitting, batches, advance, checkpoint, every)
        fitting.end_pass()
        if checkpoint:
            _save(fitting, checkpoint)
    if checkpoint:
        checkpoint.unlink(missing_ok=True)
    return fitting.plan.fitted


def _one_pass(
    fitting: Fitting, batches: Batches, advance: Advance, checkpoint: Path | None, every: int
) -> None:
    with closing(numbered(batches)) as each:
        n_rows = sum(n_rows_in(batch) for _, batch in islice(each, fitting.n_batches))
        if n_rows != fitting.n_rows[-1]:
            raise ModelFileError(
                f"The checkpoint {str(checkpoint)!r} has read {fitting.n_rows[-1]:,} rows in "
                f"{fitting.n_batches:,} batches of this pass, but the first {fitting.n_batches:,} batches "
                f"hold {n_rows:,} rows. Pass the same batches again, or delete the checkpoint to start over."
            )
        for where, batch in each:
            fitting.read(batch, where)
            advance(fitting.n_rows[-1])
            if checkpoint and fitting.n_batches % every == 0:
                _save(fitting, checkpoint)


def _save(fitting: Fitting, path: Path) -> None:
    kept = {"format": FORMAT, "versions": installed_versions(), "fitting": fitting}
    replace(path, to_bytes(kept, ".joblib"))


def resumed(fitting: Fitting, path: Path) -> Fitting:
    """Return the fit saved in a file, or this one if there is no file."""
    if not path.parent.is_dir():
        raise FileNotFoundError(f"The folder {str(path.parent)!r} does not exist. Create it first.")
    if path.is_dir():
        raise IsADirectoryError(
            f"The 'checkpoint' parameter of fit_batches must be a file. Got the folder {str(path)!r} instead."
        )
    if not path.is_file():
        return fitting
    kept = from_bytes(path.read_bytes(), ".joblib")
    if not isinstance(kept, dict) or kept.get("format") != FORMAT or "fitting" not in kept:
        raise ModelFileError(f"The file {str(path)!r} is not a checkpoint of fit_batches. Give another path.")
    if kept["versions"] != installed_versions():
        raise ModelFileError(
            f"The checkpoint {str(path)!r} was written with other versions of Python or its packages. "
            "Delete it to start over."
        )
    if kept["fitting"].described != fitting.described:
        raise ModelFileError(
            f"The checkpoint {str(path)!r} belongs to another model, y or sample_weight. "
            "Delete it to start over."
        )
    return kept["fitting"]
