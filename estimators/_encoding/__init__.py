"""One-hot and multi-hot encoding: columns to codes, categories, the shared encoder."""
