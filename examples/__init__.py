"""Complete examples, run from a clone: python -m examples.games, examples.pizza or examples.digits.

Importing takes about a second. During this time, Ctrl-C ends the command without a traceback. Afterwards,
:func:`examples.terminal.run_quietly` handles Ctrl-C.
"""

import os
import signal
import sys


def _leave(*_: object) -> None:
    """Exit at once; nothing has been started yet."""
    os.write(2, b"Interrupted.\n")
    os._exit(130)


# sys.argv[0] is "-m" while python -m looks for its module. Otherwise, importing an example does not change
# Ctrl-C.
if sys.argv[:1] == ["-m"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _leave)
