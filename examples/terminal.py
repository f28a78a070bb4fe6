"""What the examples' command lines share: output that may end early, and Ctrl-C."""

import os
import sys
from collections.abc import Callable

from rich.console import Console

INTERRUPTED = 130  # what a shell expects of a command that Ctrl-C ended


class Terminal(Console):
    """A console that says so when its reader, such as head, has gone, in place of ending the program."""

    def on_broken_pipe(self) -> None:
        """Let :func:`run_quietly` see it."""
        raise BrokenPipeError


def run_quietly(command: Callable[[], None], messages: Console) -> int:
    """Run a command; return 0, also where the reader has seen enough, or 130 where Ctrl-C ended it."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a character that the terminal lacks is no reason to stop
    try:
        command()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        messages.print("Interrupted.", style="red")
        return INTERRUPTED
    return 0
