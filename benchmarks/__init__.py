"""Benchmarks that compare this library with other libraries in the same run: ``python -m benchmarks``.

All libraries use one thread. This is set here, because they read the setting when they are imported.
"""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"):
    os.environ[_name] = "1"
os.environ.pop("OPENBLAS_CORETYPE", None)  # let OpenBLAS choose the kernels for this processor
