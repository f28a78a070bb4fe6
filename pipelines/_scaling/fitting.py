"""Go through batches in passes, and keep the state on the disk so that a fit can go on after a crash."""

from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from pipelines._common import files as _files
from pipelines._common.batch_bar import batch_bar
from pipelines._saving import cards as _cards
from pipelines._saving import formats as _formats
from pipelines._saving.cards import ModelFileError
from pipelines._scaling.batches import (
    Names,
    Reader,
    check_batches,
    check_y_and_weight,
    n_rows_in,
    n_rows_of,
    numbered,
)
from pipelines._scaling.plan import plan_for
from pipelines._scaling.schema import located, located_error, noted
from pipelines._scaling.tallies import added, check_any

FORMAT = 1


@dataclass
class Fitting:
    """A fit that stands between two batches: its plan, pass, state, and how much it has seen."""

    plan: Any
    reader: Reader
    described: Any = None  # the model, so that a file of another is refused
    k: int = 0
    state: Any = None
    n_batches: int = 0  # in this pass, those without rows too
    n_rows: list[int] = field(default_factory=lambda: [0])  # in each pass

    @classmethod
    def of(cls, model: Any, y: Names, sample_weight: str | None) -> "Fitting":
        """Return the fit of a model that has seen nothing yet."""
        check_y_and_weight(y, sample_weight)
        described = {"model": _cards.describe(model), "y": y, "sample_weight": sample_weight}
        return cls(plan_for(model), Reader(y, sample_weight), _cards.as_json(described, "model"))

    def read(self, batch: Any, where: str) -> None:
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
                self.state = added(self.plan, self.k, self.state, state)
            self.n_rows[-1] += n_rows_of(table[0])

    def end_pass(self) -> None:
        """Take in what this pass found, and begin the next."""
        if self.n_rows[-1] != self.n_rows[0]:
            raise ValueError(
                f"Pass {self.k + 1} over the batches saw {self.n_rows[-1]:,} rows, and the first one "
                f"{self.n_rows[0]:,}: every pass must see the same batches."
            )
        check_any(self.state)
        self.plan.close(self.k, self.state)
        self.k, self.state, self.n_batches = self.k + 1, None, 0
        self.n_rows.append(0)


def fit(fitting: Fitting, batches: Any, progress: Any, checkpoint: Path | None, every: int) -> Any:
    """Go through the passes that are left, and return the fitted model."""
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


def _one_pass(fitting: Fitting, batches: Any, advance: Any, checkpoint: Path | None, every: int) -> None:
    with closing(numbered(batches)) as each:
        n_rows = sum(n_rows_in(batch) for _, batch in islice(each, fitting.n_batches))
        if n_rows != fitting.n_rows[-1]:
            raise ModelFileError(
                f"The checkpoint {str(checkpoint)!r} has seen {fitting.n_rows[-1]:,} rows in "
                f"{fitting.n_batches:,} batches of this pass, and the first {fitting.n_batches:,} of these "
                f"hold {n_rows:,}: give the same batches, of the same size, or delete it to begin anew."
            )
        for where, batch in each:
            fitting.read(batch, where)
            advance(fitting.n_rows[-1])
            if checkpoint and fitting.n_batches % every == 0:
                _save(fitting, checkpoint)


def _save(fitting: Fitting, path: Path) -> None:
    kept = {"format": FORMAT, "versions": _cards.installed_versions(), "fitting": fitting}
    _files.replace(path, _formats.to_bytes(kept, ".joblib"))


def resumed(fitting: Fitting, path: Path) -> Fitting:
    """Return the fit that a file keeps, or this one if there is no file."""
    if not path.parent.is_dir():
        raise FileNotFoundError(f"The folder {str(path.parent)!r} does not exist; make it first.")
    if path.is_dir():
        raise IsADirectoryError(f"checkpoint needs the path of a file. Got that of a folder, {str(path)!r}.")
    if not path.is_file():
        return fitting
    kept = _formats.from_bytes(path.read_bytes(), ".joblib")
    if not isinstance(kept, dict) or kept.get("format") != FORMAT or "fitting" not in kept:
        raise ModelFileError(f"The file {str(path)!r} is no checkpoint of fit_batches; give another path.")
    if kept["versions"] != _cards.installed_versions():
        raise ModelFileError(
            f"The checkpoint {str(path)!r} was written with other versions of Python or its packages: "
            "delete it to begin anew."
        )
    if kept["fitting"].described != fitting.described:
        raise ModelFileError(
            f"The checkpoint {str(path)!r} is of another model, y or sample_weight: delete it to begin anew."
        )
    return kept["fitting"]
