"""The proximal step of the L1 penalty."""

from typing import Any

import numpy as np


def soft_threshold(w: np.ndarray, threshold: Any) -> np.ndarray:
    """Move each weight towards zero by `threshold`, and not beyond."""
    return np.sign(w) * np.maximum(np.abs(w) - threshold, 0.0)
