"""A progress bar for the passes over the batches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

Advance: TypeAlias = Callable[[int], None]
Shown: TypeAlias = bool | Console  # whether to show a bar, or where


def check_progress(progress: object) -> None:
    """Raise TypeError unless `progress` is a bool or a console."""
    if not isinstance(progress, (bool, Console)):
        raise TypeError(
            "The 'progress' parameter of fit_batches must be a bool or a rich.console.Console. "
            f"Got {progress!r} instead."
        )


@contextmanager
def batch_bar(shown: Shown, title: str, n_rows: int | None, done: int) -> Iterator[Advance]:
    """Yield a function that takes the number of rows read so far. `n_rows` is None if unknown."""
    if shown is False:
        yield lambda done: None
        return
    console = Console(stderr=True) if shown is True else shown
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
    with Progress(*columns, TextColumn("{task.fields[told]}"), console=console) as bar:
        task = bar.add_task(title, total=n_rows, completed=done, told=f"{done:,} rows")
        yield lambda done: bar.update(task, completed=done, told=f"{done:,} rows")
        if n_rows is None:
            bar.update(task, total=1, completed=1)
