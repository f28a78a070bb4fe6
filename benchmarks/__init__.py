"""Claims of speed, each against named peers in the same run: ``python -m benchmarks``.

One thread everywhere, set here because the libraries read it when they are imported.
"""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"):
    os.environ[_name] = "1"
os.environ.pop("OPENBLAS_CORETYPE", None)  # the library picks the kernels of the processor it runs on
