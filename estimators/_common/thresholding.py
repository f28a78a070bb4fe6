"""The proximal step of the L1 penalty."""

import numpy as np


def soft_threshold(w: np.ndarray, threshold: float | np.ndarray) -> np.ndarray:
    """Move each weight towards zero by `threshold` and stop at zero."""
    return np.sign(w) * np.maximum(np.abs(w) - threshold, 0.0)
