"""Least squares: rows, moments, problems, descent, solution."""
