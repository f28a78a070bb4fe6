"""Naive Bayes: counts, scores, the k best classes."""
