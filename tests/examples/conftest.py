"""Shared by the tests of the examples: the database that the web sites are tested on."""

import pytest

from tests.examples.sites import new_database


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark the tests that use a database, so that ``-m database`` runs them alone, on PostgreSQL for instance."""
    for item in items:
        if "database_url" in getattr(item, "fixturenames", ()):
            item.add_marker("database")


@pytest.fixture(scope="module")
def database_url(tmp_path_factory):
    """Return the address of an empty database, for all tests of a module."""
    with new_database(tmp_path_factory) as url:
        yield url
