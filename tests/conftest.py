"""Shared by all tests."""

import os

from hypothesis import settings

from tests.effort import THOROUGH

# scikit-learn's check of the array API is skipped without this, which scipy reads when it is imported.
os.environ.setdefault("SCIPY_ARRAY_API", "1")


# Seeded, and without a time limit for an example: a slow machine is no failure.
settings.register_profile("quick", deadline=None, derandomize=True, max_examples=25)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=100)
settings.load_profile("thorough" if THOROUGH else "quick")


def pytest_sessionfinish(session, exitstatus):
    """Fail in CI if a test was skipped, since everything that tests need is installed there."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if THOROUGH and reporter is not None and reporter.stats.get("skipped"):
        reporter.write_line("CI: a skipped test is a failure", red=True)
        session.exitstatus = 1
