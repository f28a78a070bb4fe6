"""A pytest plugin that puts our ComplementNB in the place of scikit-learn's (see test_naive_bayes.py)."""


def pytest_configure():
    import sklearn.naive_bayes

    import estimators

    sklearn.naive_bayes.ComplementNB = estimators.ComplementNB


def pytest_report_header():
    from sklearn.tests import test_naive_bayes

    return f"ComplementNB under test: {test_naive_bayes.ComplementNB.__module__}"
