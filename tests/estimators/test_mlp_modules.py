"""The reading order of the networks is true: a fit runs the modules that it names, and no others."""

import re
import sys
from pathlib import Path

import pytest
from sklearn.datasets import load_digits

import estimators._network
from estimators import MLPClassifier

ROOT = Path(estimators.__file__).parent


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_fit_runs_the_nine_modules_of_the_reading_order():
    X, y = (part[:300] for part in load_digits(return_X_y=True))
    net = MLPClassifier(max_iter=3).fit(X, y)  # numba compiles now, which takes long while it is profiled
    run, before = set(), sys.getprofile()

    def note(frame, event, argument):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(ROOT) and path.parent.name != "_common":
            run.add(path.name)

    sys.setprofile(note)
    try:
        net.fit(X, y)
    finally:
        sys.setprofile(before)
    first, _ = estimators._network.__doc__.split("The other modules")
    named = {Path(name).name for name in re.findall(r"`([\w/]+\.py)`", first)}
    assert run - {"accelerator.py"} == named - {"accelerator.py"}  # it runs where numba is installed
    assert len(named) == 9
