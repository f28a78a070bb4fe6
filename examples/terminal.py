"""Printing and Ctrl-C for the examples' command lines."""

import os
import signal
import sys
from _thread import interrupt_main
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer, current_thread, main_thread
from typing import Any, NoReturn

from rich.console import Console

INTERRUPTED = 130  # the exit code that shells use for a command ended by Ctrl-C


class Interrupted(BaseException):
    """Raised by Ctrl-C. A network's `fit` would catch KeyboardInterrupt and end the training early."""


class CommandError(Exception):
    """Raised by a command that cannot use a file. Its message is printed, and the exit code is 1."""


class Terminal(Console):
    """A console that raises BrokenPipeError, and wraps text only when writing to a terminal."""

    def on_broken_pipe(self) -> None:
        """Raise BrokenPipeError, which :func:`run_quietly` handles."""
        raise BrokenPipeError

    def print(self, *objects: Any, soft_wrap: bool | None = None, **options: Any) -> None:
        """Print. Text in files and pipes is not wrapped, so that paths stay whole.

        Tables keep their width.
        """
        if soft_wrap is None:
            soft_wrap = not self.is_terminal and all(isinstance(one, str) for one in objects)
        super().print(*objects, soft_wrap=soft_wrap, **options)


def run_quietly(command: Callable[[], None], messages: Console) -> int:
    """Run a command and return its exit code: 130 after Ctrl-C, otherwise 0, even if a pipe was closed."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # print "?" for a character that the terminal lacks
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
    """Make Ctrl-C raise :class:`Interrupted`, which neither `fit` nor cross-validation catches.

    Python drops exceptions raised in a destructor or in a compiler's callback, so Ctrl-C is repeated shortly
    after. If Ctrl-C was ignored before, as in a shell's background jobs, it is still ignored.
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
