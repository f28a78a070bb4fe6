"""A pizzeria that forecasts how many doughs it needs: ``python -m examples.pizza``."""
