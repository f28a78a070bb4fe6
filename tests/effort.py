"""How much the tests try: enough for somebody who waits, and more where CI is set."""

import os

THOROUGH = bool(os.environ.get("CI"))


def effort(thorough, quick):
    """Return `thorough` where CI is set, else `quick`."""
    return thorough if THOROUGH else quick
