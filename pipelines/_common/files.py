"""Write files atomically: a reader finds either the old model file and card, or the new ones.

- A model file is never changed, since its name contains its hash.
- The card is replaced by a rename, after the model file that it refers to is on disk.
- A model file is deleted only after a card that no longer refers to it is on disk. If the file is gone when
  a reader opens it, the reader reads the card again and finds the new file.
- Processes that save models with the same name take turns, using a lock. The operating system releases
  the lock if the process that holds it dies.
"""

import json
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from pipelines._common.formats import SUFFIXES, ModelFileError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


def read(path: Path) -> bytes:
    """Return the content of a file.

    Raise ModelFileError for a device or a FIFO, because reading it might never end.
    """
    with open(path, "rb", opener=_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ModelFileError(
                f"{str(path)!r} must be a regular file, not a folder, a named pipe or a device."
            )
        return file.read()


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def store(folder: Path, name: str, file: str, data: bytes, card: bytes) -> Path:
    """Write ``file``, replace ``NAME.json``, and delete model files of this name that no card refers to.

    Raises
    ------
    ModelFileError
        If the existing card refers to a file of the other kind (joblib or skops).
    """
    temporary, path = folder / f".{name}.tmp", folder / f"{name}.json"
    with _locked(folder / f".{name}.lock"):
        _check_same_kind(path, file)
        try:
            _put(folder / file, data, temporary)
            _sync_folder(folder)
            _put(path, card, temporary)
        finally:
            _prune(folder, name)
    return path


def _check_same_kind(card: Path, file: str) -> None:
    """Raise ModelFileError if saving would delete a file of the other kind (joblib or skops)."""
    named: object = None
    with suppress(OSError, ModelFileError):  # there is no card, or it is unreadable
        named = _named_file(card)
    if isinstance(named, str) and Path(named).suffix != Path(file).suffix:
        raise ModelFileError(
            f"The card {str(card)!r} refers to {named!r}, which would be replaced by a {Path(file).suffix} "
            "file. Choose another name, or delete the card first."
        )


def replace(path: Path, data: bytes) -> None:
    """Write a file so that a reader finds either the complete old file or the complete new one."""
    with _locked(path.with_name(f".{path.name}.lock")):
        _put(path, data, path.with_name(f".{path.name}.tmp"))
        _sync_folder(path.parent)


def _put(target: Path, data: bytes, temporary: Path) -> None:
    temporary.unlink(missing_ok=True)  # left by a process that died; a running process would hold the lock
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":  # Windows cannot sync folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _prune(folder: Path, name: str) -> None:
    """Delete the model files of this name that no card refers to."""
    _sync_folder(folder)  # a power cut must not restore the card that referred to them
    ours = re.compile(rf"{re.escape(name)}-[0-9a-f]{{16}}({'|'.join(map(re.escape, SUFFIXES))})")
    with suppress(OSError, ModelFileError):  # an unreadable card may refer to any file
        named = {_named_file(card) for card in folder.glob("*.json")}
        for file in [file for file in folder.iterdir() if ours.fullmatch(file.name)]:
            if file.name not in named:
                file.unlink()


def _named_file(card: Path) -> object:
    data = read(card)
    with suppress(ValueError, KeyError, TypeError):  # a JSON file that is not a card
        return json.loads(data)["file"]
    return None


@contextmanager
def _locked(lock: Path) -> Iterator[None]:
    file = _lock(lock)
    try:
        yield
    finally:
        with suppress(PermissionError):  # Windows cannot delete open files, so the empty lock file stays
            lock.unlink(missing_ok=True)
        file.close()


def _lock(lock: Path) -> BinaryIO:
    while True:
        file = open(lock, "ab")  # noqa: SIM115 - the lock is held as long as the file is open
        if sys.platform == "win32":
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), os.stat(lock)):
                return file
        file.close()  # the previous holder deleted the lock file in the meantime, so try again
