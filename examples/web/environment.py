"""Secrets in files: PIZZERIA_ADMIN_PASSWORD_FILE names a file that contains PIZZERIA_ADMIN_PASSWORD.

Environment variables end up in logs and process lists more easily than files do. systemd (LoadCredential=)
and Docker (secrets:) both provide secrets as files.
"""

import os
from pathlib import Path


def read_secret_files(name: str) -> None:
    """Set the variables of a site whose values are in files.

    Raises
    ------
    ValueError
        If a file cannot be read or is empty, or if a variable is set as well.
    """
    for variable in (f"{name.upper()}_ADMIN_PASSWORD", f"{name.upper()}_METRICS_TOKEN", "DATABASE_URL"):
        if not (file := os.environ.get(f"{variable}_FILE")):
            continue
        if os.environ.get(variable):
            raise ValueError(f"Only one of {variable} and {variable}_FILE can be set.")
        try:
            value = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
            raise ValueError(f"{variable}_FILE: {file!r} cannot be read ({reason}).") from None
        if not value:
            raise ValueError(f"{variable}_FILE: {file!r} is empty. It must contain the value of {variable}.")
        os.environ[variable] = value
        del os.environ[f"{variable}_FILE"]
