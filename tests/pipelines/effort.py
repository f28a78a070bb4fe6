"""How much work repeated tests do: all of it in CI, where the environment variable CI is "true"."""

import os

IN_CI = os.environ.get("CI") == "true"


def effort(thorough, quick):
    """Return a number of repetitions."""
    return thorough if IN_CI else quick
