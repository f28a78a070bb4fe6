"""Complete examples, run from a clone: python -m examples.games, examples.pizza or examples.digits.

Importing takes about a second. During that time Ctrl-C ends the command without a traceback; afterwards
:func:`examples.terminal.run_quietly` handles it.
"""

import os
import signal
import sys


def _leave(*_: object) -> None:
    """Exit at once; nothing has been started yet."""
    os.write(2, b"Interrupted.\n")
    os._exit(130)


# sys.argv[0] is "-m" while python -m looks for its module. Importing an example leaves Ctrl-C alone.
if sys.argv[:1] == ["-m"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _leave)
