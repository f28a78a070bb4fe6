"""Ready-made compositions of the estimators, and the files that keep them."""

__all__: list[str] = []
