"""Two examples that use the library as its users would; run from a clone."""
