"""Recommending: reasons."""
