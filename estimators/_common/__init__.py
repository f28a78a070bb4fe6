"""What several families need: labels, merging, thresholds, callbacks, scikit-learn's private parts."""
