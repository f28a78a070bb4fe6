"""scikit-learn's own tests pass with our classes in the place of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sklearn

from tests.estimators.swap import CLASSES


@pytest.fixture(scope="module")
def report():
    """Run scikit-learn's tests once, in a process of their own, and return what pytest says."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parent),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_XDIST_WORKER_COUNT": str(os.cpu_count()),  # scikit-learn then uses one thread
    }
    command = [sys.executable, "-m", "pytest", "-p", "swap", "-p", "no:cacheprovider", "-v", "-c", os.devnull]
    command += [
        "--pyargs",
        *(tests for tests, _ in CLASSES.values()),
        "--rootdir",
        str(Path(sklearn.__file__).parents[1]),
    ]
    # GaussianNB has no counterpart, and test_gradient calls _loss_grad_lbfgs; test_layers.py checks gradients.
    command += ["-k", "not gnb and not test_gradient"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-3000:]
    return run.stdout


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, (_, names) in CLASSES.items() for name in names]
)
def test_our_class_is_under_test(report, module, name):
    ours = {
        "sklearn.naive_bayes": "estimators.naive_bayes",
        "sklearn.neural_network": "estimators.mlp",
        "sklearn.preprocessing": "estimators.encoders",
    }
    assert f"{name} under test: {ours[module]}" in report


@pytest.mark.parametrize(
    ("tests", "count"),
    [
        (r"test_naive_bayes\.py::(?:\S*ComplementNB|test_cnb)", 14),
        (r"test_naive_bayes\.py::(?:\S*MultinomialNB|test_mnnb|test_mnb)", 18),
        (r"test_naive_bayes\.py::(?:\S*BernoulliNB|test_bnb)", 15),
        (r"test_naive_bayes\.py::(?:test_alpha|test_check_alpha)", 4),
        (r"test_mlp\.py::", 58),
        (r"test_encoders\.py::", 264),
    ],
)
def test_as_many_tests_pass_as_scikit_learn_has(report, tests, count):
    assert len(re.findall(rf"{tests}.* PASSED ", report)) == count  # in scikit-learn 1.9.0


def test_no_test_of_a_network_is_skipped(report):
    assert not re.search(r"test_mlp\.py::.* SKIPPED ", report)
