"""Estimators in scikit-learn's style: what learns."""

__all__: list[str] = []
