"""What the examples' web sites share; knows neither games nor doughs. Needs ``pip install ".[web]"``."""
