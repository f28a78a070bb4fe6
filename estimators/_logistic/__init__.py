"""Logistic regression: loss, preconditioner, search."""
