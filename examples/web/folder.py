"""The data folder of a site: the database file, the saved model and the secret. Only its owner may use it.

A saved model runs code when it is loaded, and the secret signs the cookies of the admin. Files that other
users of the computer could read or write are therefore repaired, replaced or refused.
"""

import logging
import os
import secrets
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO  # the permissions of all users but the owner
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
ROOT_USER = 0
SHORTEST_SECRET = 32  # characters
FOR_FIRST_START = 1 << 20  # bytes: the database, the model and the secret

ROOT = Path(__file__).parents[2]
log = logging.getLogger(__name__)


class FolderError(ValueError):
    """Error raised when other users could have changed a file on which the safety of a site depends."""


def data_folder(name: str) -> Path:
    """Return the data folder of a site: the one in the environment, or var/NAME."""
    return Path(os.environ.get(f"{name.upper()}_DATA") or ROOT / "var" / name)


def database_file(folder: Path, name: str) -> Path:
    """Return the file of a site's SQLite database, unless DATABASE_URL names another database."""
    return folder.resolve() / f"{name}.sqlite"


def make_private(folder: Path, name: str) -> None:
    """Create the data folder of a site, or take away the permissions of other users on it and its files.

    A secret that others could read, and a saved model that others could write, are deleted, because they can
    be created again.

    Raises
    ------
    FolderError
        If the folder or a file belongs to another user.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret, models = folder / "secret", sorted(folder.glob(f"{name}-model*"))
    were_open = close([folder, *sorted(folder.glob(f"{name}.sqlite*")), *models, *folder.glob("secret")])
    for path in models:
        if were_open.get(path, 0) & OTHERS_WRITE:
            path.unlink()
            log.warning("%s could be changed by other users, so the model is trained again.", path)
    if secret in were_open:
        secret.unlink()
        log.warning("%s could be read by other users, so it is replaced. Please log in again.", secret)


def close(paths: Sequence[Path]) -> dict[Path, int]:
    """Take away the permissions of other users. Return the paths that were open, and their permissions."""
    were_open: dict[Path, int] = {}
    if os.name != "posix":
        return were_open
    for path in paths:
        _check_owner(path)
        mode = stat.S_IMODE(path.stat().st_mode)
        if not mode & OTHERS:
            continue
        try:
            path.chmod(mode & ~OTHERS)
        except OSError as error:
            raise FolderError(
                f"{str(path)!r} can be used by other users of this computer, and that cannot be changed "
                f"({error.strerror}). Choose another folder with --data."
            ) from None
        were_open[path] = mode & OTHERS
    if were_open:
        names = ", ".join(map(str, were_open))
        log.warning("Other users of this computer could use %s. Now, only the owner can.", names)
    return were_open


def _check_owner(path: Path) -> None:
    if path.lstat().st_uid not in (os.geteuid(), ROOT_USER):
        raise FolderError(
            f"{str(path)!r} belongs to another user of this computer, who could change it. Choose another "
            "folder with --data, or make it your own with chown."
        )


def check_trusted(folder: Path, files: Iterable[Path]) -> None:
    """Raise FolderError if other users could have written a file. A model file could then run their code."""
    if os.name != "posix":
        return
    is_open = folder.stat().st_mode & OTHERS
    for path in (folder, *files):
        _check_owner(path)
        if is_open and path.stat().st_mode & OTHERS_WRITE:
            raise FolderError(
                f"other users can write to {str(path)!r}, and a model file from them could run any code; "
                "take that permission away with chmod go-w"
            )


def check_space(folder: Path) -> None:
    """Raise FolderError if the first files of a site cannot be written. A quota can forbid that too."""
    trial = folder / ".space.tmp"
    try:
        trial.touch(mode=0o600)
        with open(trial, "wb") as file:
            file.write(bytes(FOR_FIRST_START))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise FolderError(
            f"{str(folder)!r} must have space for {FOR_FIRST_START >> 20} MiB, because the site creates its "
            f"files there ({error.strerror or error}). Make space, or choose another folder with --data."
        ) from None
    finally:
        trial.unlink(missing_ok=True)


def create_private(path: Path) -> None:
    """Create an empty file that only its owner can use, unless it exists."""
    path.touch(mode=0o600)


def read_secret(folder: Path) -> str:
    """Return the secret that signs cookies. It is created if it is missing or damaged."""
    path = folder / "secret"
    if path.exists():
        secret = path.read_text(errors="replace").strip()
        if len(secret) >= SHORTEST_SECRET:
            return secret
        log.warning("%s was empty or too short, so it is replaced. Please log in again.", path)
    temporary = folder / ".secret.tmp"
    temporary.unlink(missing_ok=True)
    secret = secrets.token_hex(32)
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    return secret
