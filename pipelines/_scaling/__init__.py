"""Scaling: batches, plans, tallies, passes, clusters."""
