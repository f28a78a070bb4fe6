"""Shared by all tests."""

import os

from hypothesis import settings

# scikit-learn's array API check of its contract is skipped without it; it is read when scipy is imported.
os.environ.setdefault("SCIPY_ARRAY_API", "1")


# Seeded, and without a time limit on an example: a slow machine is no failure.
settings.register_profile("tallygrad", deadline=None, derandomize=True)
settings.load_profile("tallygrad")


def pytest_sessionfinish(session, exitstatus):
    """In CI a skipped test is a failure: CI installs what tests need."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        reporter.write_line("CI: a skipped test is a failure", red=True)
        session.exitstatus = 1
