"""The pizzeria's web site: ``python -m examples.pizza serve``."""
