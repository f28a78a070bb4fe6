"""Code shared by the examples' web sites. Requires ``pip install ".[web]"``."""
