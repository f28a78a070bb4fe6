"""A pizzeria that forecasts its doughs: ``python -m examples.pizza``."""
