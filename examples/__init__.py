"""Complete examples, run from a clone: python -m examples.games, examples.pizza or examples.digits.

A command spends its first second on imports. Ctrl-C ends it there without a traceback; once it runs,
:func:`examples.terminal.run_quietly` sees to that.
"""

import os
import signal
import sys


def _leave(*_: object) -> None:
    """End at once: nothing has been begun."""
    os.write(2, b"Interrupted.\n")
    os._exit(130)


# sys.argv[0] is "-m" while python -m looks for its module: who imports an example keeps his own Ctrl-C
if sys.argv[:1] == ["-m"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _leave)
