"""Saving: cards, formats, fingerprints, checkpoints."""
