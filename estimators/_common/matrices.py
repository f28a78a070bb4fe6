"""Types of feature matrices: what callers may pass, and what validation makes of it."""

from typing import TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

MatrixLike: TypeAlias = ArrayLike | sp.sparray | sp.spmatrix  # also a data frame
Matrix: TypeAlias = np.ndarray | sp.csr_array
