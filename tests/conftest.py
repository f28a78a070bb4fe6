"""Shared by all tests."""

import os

# scikit-learn's array API check of its contract is skipped without it; it is read when scipy is imported.
os.environ.setdefault("SCIPY_ARRAY_API", "1")
