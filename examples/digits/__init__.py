"""Recognition of handwritten digits: ``python -m examples.digits --help``."""
