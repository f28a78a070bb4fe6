"""A pytest plugin that puts our networks in the place of scikit-learn's (see test_mlp_against_scikit_learn.py)."""


def pytest_configure():
    import sklearn.neural_network

    import estimators

    # scikit-learn's tests also read two private attributes, which ours keep in the state of the training.
    for network in (estimators.MLPClassifier, estimators.MLPRegressor):
        network._optimizer = property(lambda model: model._state.optimizer)
        network._no_improvement_count = property(
            lambda model: model._state.n_epochs_without_improvement, lambda model, count: None
        )
    sklearn.neural_network.MLPClassifier = estimators.MLPClassifier
    sklearn.neural_network.MLPRegressor = estimators.MLPRegressor


def pytest_report_header():
    from sklearn.neural_network.tests import test_mlp

    return f"Under test: {test_mlp.MLPClassifier.__module__}"
