"""Put a model file and its card on the disk so that a reader finds the old pair or the new one.

- A model file is never altered, since its name carries its hash.
- The card is replaced by a rename, after the file that it names is on the disk.
- A file is deleted only after the card that stopped naming it is on the disk; a reader whose file
  has gone reads the card again and finds another.
- Savers of one name take turns through a lock which the system lifts when its holder dies.
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


def store(folder: Path, name: str, file: str, data: bytes, card: bytes) -> Path:
    """Write ``file``, put ``NAME.json`` in place, delete the files of this name no card names."""
    temporary, path = folder / f".{name}.tmp", folder / f"{name}.json"
    with _locked(folder / f".{name}.lock"):
        try:
            _put(folder / file, data, temporary)
            _sync_folder(folder)
            _put(path, card, temporary)
        finally:
            _prune(folder, name)
    return path


def replace(path: Path, data: bytes) -> None:
    """Write a file so that a reader finds the old one or the new one, whole."""
    with _locked(path.with_name(f".{path.name}.lock")):
        _put(path, data, path.with_name(f".{path.name}.tmp"))
        _sync_folder(path.parent)


def _put(target: Path, data: bytes, temporary: Path) -> None:
    temporary.unlink(missing_ok=True)  # of a saver that died: a live one would hold the lock
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
    if sys.platform == "win32":  # which has no such call
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _prune(folder: Path, name: str) -> None:
    """Delete the model files of this name that no card names."""
    _sync_folder(folder)  # the card that stopped naming them must not be undone by a power cut
    ours = re.compile(re.escape(name) + r"-[0-9a-f]{16}\.(joblib|skops)")
    with suppress(OSError):  # a card that cannot be read may name any file: delete none this time
        named = {_named_file(card) for card in folder.glob("*.json")}
        for file in [file for file in folder.iterdir() if ours.fullmatch(file.name)]:
            if file.name not in named:
                file.unlink()


def _named_file(card: Path) -> Any:
    data = card.read_bytes()
    with suppress(ValueError, KeyError, TypeError):  # some other JSON file
        return json.loads(data)["file"]


@contextmanager
def _locked(lock: Path) -> Iterator[None]:
    file = _lock(lock)
    try:
        yield
    finally:
        with suppress(PermissionError):  # Windows keeps open files: there it stays, empty
            lock.unlink(missing_ok=True)
        file.close()


def _lock(lock: Path) -> BinaryIO:
    while True:
        file = open(lock, "ab")  # noqa: SIM115 - the lock lives as long as the file is open
        if sys.platform == "win32":
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), os.stat(lock)):
                return file
        file.close()  # its holder deleted it while we waited: try the next
