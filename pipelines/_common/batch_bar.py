"""A progress bar of the passes over the batches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

Advance = Callable[[int], Any]


def check_progress(progress: Any) -> None:
    """Raise unless it says whether to show a bar, or where."""
    if not isinstance(progress, (bool, Console)):
        raise TypeError(
            "The 'progress' parameter of fit_batches must be a bool or a rich.console.Console. "
            f"Got {progress!r} instead."
        )


@contextmanager
def batch_bar(shown: bool | Console, title: str, rows: int | None, done: int) -> Iterator[Advance]:
    """Yield a function that takes the number of rows done so far in this pass; `rows` None if not known."""
    if shown is False:
        yield lambda done: None
        return
    console = Console(stderr=True) if shown is True else shown
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
    with Progress(*columns, TextColumn("{task.fields[told]}"), console=console) as bar:
        task = bar.add_task(title, total=rows, completed=done, told=f"{done:,} rows")
        yield lambda done: bar.update(task, completed=done, told=f"{done:,} rows")
        if rows is None:
            bar.update(task, total=1, completed=1)
