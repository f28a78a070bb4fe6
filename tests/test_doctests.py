"""The examples of the packages pass also if only some files are named."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_a_module_that_is_named_first_is_imported_once():
    """A checkpoint is a pickle, which fails if two modules define the same class."""
    files = ["estimators/mlp.py", "pipelines/_saving/checkpoint.py"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    ran = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ
        | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # none is needed, and they take long to load
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
