"""What the examples' command lines share: output that may end early, lines that stay whole, and Ctrl-C."""

import os
import signal
import sys
from _thread import interrupt_main
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer, current_thread, main_thread
from typing import Any, NoReturn

from rich.console import Console

INTERRUPTED = 130  # what a shell expects of a command that Ctrl-C ended


class Interrupted(BaseException):
    """Ctrl-C. No KeyboardInterrupt, which a net's fit takes for a wish to keep what was learned so far."""


class Terminal(Console):
    """A console that says so when its reader has gone, and breaks lines of text on a terminal only."""

    def on_broken_pipe(self) -> None:
        """Let :func:`run_quietly` see it."""
        raise BrokenPipeError

    def print(self, *objects: Any, soft_wrap: bool | None = None, **options: Any) -> None:
        """Print; in a file or a pipe a path must not be broken, while a table keeps its width."""
        if soft_wrap is None:
            soft_wrap = not self.is_terminal and all(isinstance(one, str) for one in objects)
        super().print(*objects, soft_wrap=soft_wrap, **options)


def run_quietly(command: Callable[[], None], messages: Console) -> int:
    """Run a command; return 0, also where the reader has seen enough, or 130 where Ctrl-C ended it."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a character that the terminal lacks is no reason to stop
    try:
        with ctrl_c_ends():
            command()
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (KeyboardInterrupt, Interrupted):
        messages.print("Interrupted.", style="red")
        return INTERRUPTED
    return 0


@contextmanager
def ctrl_c_ends() -> Iterator[None]:
    """Make Ctrl-C raise :class:`Interrupted`, which neither a fit nor a cross-validation catches.

    A destructor, or a compiler's callback, can pass no exception on: what is lost there is raised again a
    moment later. Where Ctrl-C is ignored, as in a shell's background, it stays so.
    """
    if current_thread() is not main_thread() or not callable(signal.getsignal(signal.SIGINT)):
        yield
        return
    report = sys.unraisablehook

    def again(lost: Any) -> None:
        if issubclass(lost.exc_type, Interrupted):
            Timer(0.05, interrupt_main).start()
        else:
            report(lost)

    before, sys.unraisablehook = signal.signal(signal.SIGINT, _interrupt), again
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        sys.unraisablehook = report


def _interrupt(*_: object) -> NoReturn:
    raise Interrupted
