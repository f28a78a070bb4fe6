"""A pytest plugin that puts our classes in the place of scikit-learn's (see test_scikit_learns_own_tests.py)."""

from importlib import import_module

CLASSES = {  # for each of scikit-learn's modules, its tests and the classes that are replaced
    "sklearn.naive_bayes": (
        "sklearn.tests.test_naive_bayes",
        ("BernoulliNB", "ComplementNB", "MultinomialNB"),
    ),
    "sklearn.neural_network": ("sklearn.neural_network.tests.test_mlp", ("MLPClassifier", "MLPRegressor")),
    "sklearn.preprocessing": ("sklearn.preprocessing.tests.test_encoders", ("OneHotEncoder",)),
}


def pytest_configure():
    import estimators

    # scikit-learn's tests also read two private attributes, which ours keep in the state of the training.
    for network in (estimators.MLPClassifier, estimators.MLPRegressor):
        network._optimizer = property(lambda model: model._state.optimizer)
        network._no_improvement_count = property(
            lambda model: model._state.n_epochs_without_improvement, lambda model, count: None
        )
    for module, (_, names) in CLASSES.items():
        for name in names:
            setattr(import_module(module), name, getattr(estimators, name))


def pytest_report_header():
    return [
        f"{name} under test: {getattr(import_module(tests), name).__module__}"
        for tests, names in CLASSES.values()
        for name in names
    ]
