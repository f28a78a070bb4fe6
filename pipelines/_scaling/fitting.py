"""Fit in passes over the batches, saving the state so that an interrupted fit can resume."""

from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Self

from sklearn.base import BaseEstimator

from pipelines._common.description import JSON, as_json, describe, installed_versions
from pipelines._common.files import replace
from pipelines._common.formats import ModelFileError, from_bytes, to_bytes
from pipelines._common.frames import Rows, n_rows_of
from pipelines._scaling.batch_bar import Advance, Shown, batch_bar
from pipelines._scaling.batches import Batches, Names, Reader, check_batches, n_rows_in, numbered
from pipelines._scaling.nodes import Node, State, added, is_weightless
from pipelines._scaling.plan import plan_for
from pipelines._scaling.schema import located
from pipelines._scaling.sources import FileSource

FORMAT = 1


@dataclass
class RowsRead:
    """The state of a set of rows in one pass, their number, and whether any has a nonzero weight."""

    state: State = None
    n_rows: int = 0
    has_weight: bool = False

    def merge(self, other: Self) -> "RowsRead":
        """Return the totals over the two sets of rows combined."""
        state, n_rows = added(self.state, other.state), self.n_rows + other.n_rows
        return RowsRead(state, n_rows, self.has_weight or other.has_weight)


@dataclass
class Fitting:
    """The state of a fit between two batches.

    Attributes
    ----------
    plan : passes of the model, and the steps that learn in each pass
    reader : splits a batch into X, y and weights
    described : description of the model and the columns, used to reject checkpoints of different models
    k : current pass, counted from 0
    done : state of the rows read so far in this pass
    n_batches : number of batches read in this pass, including empty batches
    n_rows : number of rows per pass; None before the end of the first pass
    """

    plan: Node
    reader: Reader
    described: JSON = None
    k: int = 0
    done: RowsRead = field(default_factory=RowsRead)
    n_batches: int = 0
    n_rows: int | None = None

    @classmethod
    def of(cls, model: BaseEstimator, y: Names, sample_weight: str | None) -> "Fitting":
        """Return a fit that has not started yet."""
        described = {"model": describe(model), "y": y, "sample_weight": sample_weight}
        return cls(plan_for(model), Reader(y, sample_weight), as_json(described, "model"))

    def read(self, batch: Rows, where: str) -> None:
        """Add a batch to the state of this pass."""
        self.n_batches += 1
        table = self.reader.split(batch, where)
        if table is None:
            return
        X, y, weight = table
        with located(where, X):
            if weight is not None and not self.plan.weighted:
                raise TypeError(
                    "The last step of this model does not accept sample weights. Pass batches without sample "
                    "weights."
                )
            state = self.plan.read(self.k, X, y, weight)
            self.done = self.done.merge(RowsRead(state, n_rows_of(X), not is_weightless(weight)))

    def end_pass(self) -> None:
        """Finish this pass and start the next one."""
        if self.n_rows not in (None, self.done.n_rows):
            raise ValueError(
                f"Pass {self.k + 1} over the batches read {self.done.n_rows:,} rows, but the first pass read "
                f"{self.n_rows:,}. Every pass must read the same batches."
            )
        if not self.done.has_weight:
            got = f"{self.done.n_rows:,} rows with weight 0" if self.done.n_rows else "no rows"
            raise ValueError(f"The batches must contain at least one row with a nonzero weight. Got {got}.")
        self.plan.close(self.k, self.done.state)
        self.k, self.n_batches, self.n_rows, self.done = self.k + 1, 0, self.done.n_rows, RowsRead()


def fit(
    fitting: Fitting, batches: Batches, progress: Shown, checkpoint: Path | None, every: int
) -> BaseEstimator:
    """Run the remaining passes and return the fitted model."""
    check_batches(batches, fitting.plan.n_passes)
    total = fitting.n_rows
    if total is None and progress is not False and isinstance(batches, FileSource):
        total = batches.n_rows()
    while fitting.k < fitting.plan.n_passes:
        title = f"pass {fitting.k + 1} of {fitting.plan.n_passes}"
        with batch_bar(progress, title, total, fitting.done.n_rows) as advance:
            _one_pass(fitting, batches, advance, checkpoint, every)
        fitting.end_pass()
        total = fitting.n_rows
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
        if n_rows != fitting.done.n_rows:
            raise ModelFileError(
                f"The checkpoint {str(checkpoint)!r} was saved after {fitting.done.n_rows:,} rows in "
                f"{fitting.n_batches:,} batches of this pass, but the first {fitting.n_batches:,} batches "
                f"now have {n_rows:,} rows. Pass the same batches again, or delete the checkpoint to "
                "start over."
            )
        for where, batch in each:
            fitting.read(batch, where)
            advance(fitting.done.n_rows)
            if checkpoint and fitting.n_batches % every == 0:
                _save(fitting, checkpoint)


def _save(fitting: Fitting, path: Path) -> None:
    kept = {"format": FORMAT, "versions": installed_versions(), "fitting": fitting}
    replace(path, to_bytes(kept, ".joblib"))


def resumed(fitting: Fitting, path: Path) -> Fitting:
    """Return the fit saved in a file, or `fitting` if there is no file."""
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
        raise ModelFileError(
            f"The file {str(path)!r} is not a checkpoint of fit_batches. Choose another path."
        )
    if kept["versions"] != installed_versions():
        problem = "was written with different versions of Python or of packages"
    elif kept["fitting"].described != fitting.described:
        problem = "was written for a different model, y or sample_weight"
    else:
        return kept["fitting"]
    raise ModelFileError(f"The checkpoint {str(path)!r} {problem}. Delete it to start over.")
