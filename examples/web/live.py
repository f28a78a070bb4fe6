"""The model that a worker serves, and the thread that keeps it up to date with the database.

A request reads ``live.answers`` once. This object is immutable and is replaced as a whole. Every worker has a
thread that does the following every tenth of a second:

1. load the saved model if another worker has saved a newer one;
2. if the site learns online, let a copy of the model learn the new rows, and serve the copy;
3. retrain if rows were added, edited or deleted that cannot be learned online. The worker that gets the file
   lock trains once per burst of changes and saves the model. If a process dies, its lock is released.

The card of a model contains the version that it was trained up to, so that file and version always match.
Error messages are kept for /health and the admin page, and the last good model is served in the meantime.
"""

import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from examples.web.database import Database, Head, head
from examples.web.demonstration import is_marked
from examples.web.folder import FolderError, check_trusted
from examples.web.troubles import trouble_of
from pipelines import ModelFileError, load_model, read_card, save_model, version_differences

TURN = 0.1  # seconds between looks at the database
QUIET = 0.2  # seconds without a change that end a burst
LONGEST_BURST = 2.0  # seconds after which training starts even if the burst continues
PAUSE = 5.0  # seconds before a failed action is repeated if nothing changes
LEAST_FREE = 1 << 20  # bytes on the disk of the data folder
LONGEST_LOOK = 15.0  # seconds until a database that has not answered counts as away
FIRST_WAIT = 600.0  # seconds that a starting worker waits for another worker to train

log = logging.getLogger(__name__)


class NotReadyError(RuntimeError):
    """Error raised when there is no model yet, because the first training failed."""


@dataclass(frozen=True)
class Learner:
    """How to train and update a site's model. Functions receive a session that sees one database state.

    Parameters
    ----------
    train : callable(session) -> fitted estimator
    compile : callable(model, session, previous) -> object that requests read
        `previous` is the previous result if only rows were learned online since then, otherwise None. The
        model is None if there is too little data for one.
    expected : type
        The class of the model or of its last step, as in :func:`pipelines.load_model`.
    update : callable(model, session, since, upto) -> model, default=None
        Returns a *copy* that has learned the rows with since < version <= upto. If None, the site does not
        learn online, and every change must be structural.
    stamp : callable() -> str, default=none
        A model with a different stamp is retrained. For a model that depends on today's date, the stamp is
        the date.
    lacks : callable(session) -> bool, default=never
        Whether there is too little data to train on. Then nothing is trained, and the site is well.
    """

    train: Callable[[Session], Any]
    compile: Callable[[Any, Session, Any], Any]
    expected: type
    update: Callable[[Any, Session, int, int], Any] | None = None
    stamp: Callable[[], str] = str
    lacks: Callable[[Session], bool] = lambda session: False


class Served(NamedTuple):
    """A model, the data that requests read, the version it has learned, and details from its card."""

    answers: Any
    model: Any
    version: int
    trained: int
    stamp: str
    sha256: str


class LiveModel:
    """The model that a worker serves, as described in this module's docstring.

    Parameters
    ----------
    learner : Learner
    database : Database
    card : Path
        The card of the saved model. Its folder must exist.
    """

    def __init__(self, learner: Learner, database: Database, card: Path, *, pause: float = PAUSE) -> None:
        self.learner, self.database, self.card, self.pause = learner, database, card, pause
        self.longest_look = LONGEST_LOOK
        self.trainings = 0  # number of training runs of this worker
        self.troubles: dict[str, str] = {}
        self.is_demonstration = False  # whether the database contains demonstration data
        self._head: Head | None = None
        self._served: Served | None = None
        self._lock = FileLock(card.with_suffix(".training.lock"))
        self._files: Any = None  # state of the saved model's files at the last check
        self._burst = Burst()
        self._failed: dict[str, tuple[Any, float]] = {}  # failed actions and their times
        self._unusable_since = 0.0  # time at which the saved model was found to be damaged
        self._looking_since: float | None = None  # while the thread waits for the database
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live model", daemon=True)

    @property
    def answers(self) -> Any:
        """The result of the site's `compile` for the newest model."""
        served = self._served
        if served is None:
            raise NotReadyError("There is no model yet; " + self.reason)
        return served.answers

    @property
    def reason(self) -> str:
        """A description of all problems, or an empty string."""
        troubles = dict(self.troubles)
        if self.database.is_full or self._free_bytes() < LEAST_FREE:
            troubles["disk"] = "the disk is full, so nothing can be saved"
        since = self._looking_since
        if since is not None and time.monotonic() - since > self.longest_look:
            troubles["database"] = "the database does not answer"
        if self._thread.ident and not self._thread.is_alive() and not self._stopping.is_set():
            troubles["thread"] = "the thread that keeps the model up to date has ended"
        return "; ".join(troubles.values())

    def health(self) -> dict[str, Any]:
        """Return the state of the model, for /health and the admin page."""
        served, reason = self._served, self.reason
        return {
            "status": "degraded" if reason or served is None else "ok",
            "reason": reason,
            "version": served and served.version,
            "trained": served and served.trained,
            "trainings": self.trainings,
            "worker": os.getpid(),
        }

    def _free_bytes(self) -> int:
        try:
            return shutil.disk_usage(self.card.parent).free
        except OSError:  # the folder is gone, which is reported as a missing model
            return LEAST_FREE

    def start(self) -> None:
        """Load the saved model, or train one if there is no good model. Then follow the database."""
        self.turn(at_once=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread."""
        self._stopping.set()
        if self._thread.ident:
            self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self._stopping.wait(TURN):
            self.turn()

    def turn(self, *, at_once: bool = False) -> None:
        """Check the saved model and the database once, and load, learn or train if necessary."""
        try:
            now = self._follow()
            if self._is_due(now, at_once):
                self._train(wait=at_once)
            self.troubles.pop("database", None)
            self._find_space()
        except Exception as error:
            self._note("database", f"the database cannot be followed: {_in_words(error)}", error)

    def _find_space(self) -> None:
        """After the disk was full, check from time to time whether something can be saved again."""
        if self.database.is_full and not self._has_failed_lately("space", None):
            self._failed["space"] = None, time.monotonic()
            with suppress(SQLAlchemyError):
                self.database.find_space()
                log.warning("There is space on the disk again.")

    def _follow(self) -> Head:
        """Serve the newest saved model with all new rows learned, as one new object."""
        found = self._look()  # read before the database, which is then at least as new
        with self._watch(), self.database.reading() as session:
            now = head(session)
            if now != self._head:
                self.is_demonstration, self._head = is_marked(session), now
            served = self._served
            is_new = self._has_changed(now) or (served is not None and served.model is None)
            if is_new and self.learner.lacks(session):
                self._served = self._waiting(session, now)
                return now
            if found is not None:
                served = self._opened(*found, session, now)
            self._served = self._learned(served, session, now)
        return now

    @contextmanager
    def _watch(self) -> Iterator[None]:
        """Note since when the thread has been waiting: a database that hangs never raises an error."""
        self._looking_since = time.monotonic()
        try:
            yield
        finally:
            self._looking_since = None

    def _waiting(self, session: Session, now: Head) -> Served:
        """Serve no model, because there is too little data, until there is more."""
        for kind in ("file", "training", "update"):
            self.troubles.pop(kind, None)
        served, stamp = self._served, self.learner.stamp()
        if served and (served.model, served.version, served.stamp) == (None, now.version, stamp):
            return served
        return Served(self.learner.compile(None, session, None), None, now.version, now.version, stamp, "")

    def _look(self) -> tuple[dict[str, Any], Any] | None:
        """Return the card and the saved model, if the files changed and are good."""
        try:
            files = [(f.name, f.stat().st_mtime_ns, f.stat().st_size) for f in self._model_files()]
            if files == self._files:
                return None
            self._files = files
            check_trusted(self.card.parent, self._model_files())
            card = read_card(self.card)
            if differences := version_differences(card):
                raise ModelFileError("; ".join(differences))
            model = load_model(self.card, expected=self.learner.expected)
            if read_card(self.card)["sha256"] == card["sha256"]:
                return card, model
            self._files = None  # another worker has just saved a model, so check again
        except FileNotFoundError as error:
            if self._served is not None:
                self._unusable(error)
        except Exception as error:
            self._unusable(error)
        return None

    def _model_files(self) -> list[Path]:
        files = sorted(self.card.parent.glob(f"{self.card.stem}-*.joblib"))
        return [self.card, *files] if self.card.exists() else []

    def _unusable(self, error: Exception) -> None:
        self._unusable_since = time.monotonic()
        words = _in_words(error).replace(f"{self.card.parent}{os.sep}", "")
        self._note("file", f"the saved model cannot be used: {words}", error)

    def _opened(self, card: dict[str, Any], model: Any, session: Session, now: Head) -> Served | None:
        """Return the saved model, ready to be served, or the current one if it is at least as new."""
        served, scores = self._served, card["scores"]
        try:
            trained = scores.get("version")
            if scores.get("origin") != now.origin or not isinstance(trained, int) or trained > now.version:
                raise ModelFileError("it was trained on another database")
            if served is not None and trained < served.trained:
                raise ModelFileError("it is older than the one that is served")
            if served is None or served.sha256 != card["sha256"] or trained > served.trained:
                answers = self.learner.compile(model, session, None)
                stamp = str(scores.get("stamp", ""))
                served = Served(answers, model, trained, trained, stamp, card["sha256"])
        except Exception as error:
            self._unusable(error)
        else:
            for kind in ("file", "training"):
                self.troubles.pop(kind, None)
        return served

    def _learned(self, served: Served | None, session: Session, now: Head) -> Served | None:
        """Return a copy that has learned the new rows, if there are any."""
        if served is None or served.model is None or self.learner.update is None:
            return served
        if now.version <= served.version:
            return served
        if self._has_failed_lately("update", now.version):
            return served
        try:
            model = self.learner.update(served.model, session, served.version, now.version)
            answers = self.learner.compile(model, session, served.answers)
        except Exception as error:
            self._failed["update"] = now.version, time.monotonic()
            self._note("update", f"the newest rows could not be learned: {_in_words(error)}", error)
            return served
        self.troubles.pop("update", None)
        return served._replace(answers=answers, model=model, version=now.version)

    def _is_due(self, now: Head, at_once: bool) -> bool:
        """Return whether it is time to train."""
        is_over = self._burst.is_over(self._wanted(now)) or at_once
        if not self._is_behind(now) or self._has_failed_lately("training", self._wanted(now)):
            return False
        return is_over if self._has_changed(now) else time.monotonic() - self._unusable_since >= self.pause

    def _is_behind(self, now: Head) -> bool:
        return self._has_changed(now) or "file" in self.troubles

    def _has_changed(self, now: Head) -> bool:
        """Return whether there are changes that the served model has not learned."""
        served = self._served
        return served is None or now.structure > served.trained or self.learner.stamp() != served.stamp

    def _wanted(self, now: Head) -> tuple[int, str]:
        return now.structure, self.learner.stamp()

    def _has_failed_lately(self, kind: str, what: Any) -> bool:
        failed, when = self._failed.get(kind, (None, 0.0))
        return failed == what and time.monotonic() - when < self.pause

    def _train(self, wait: bool) -> None:
        """Train, save and serve a model, unless another worker is doing so or has done so."""
        with suppress(Timeout), self._lock.acquire(FIRST_WAIT if wait else 0):
            if self._is_behind(self._follow()) and self._train_and_save():
                self._follow()

    def _train_and_save(self) -> bool:
        with self.database.reading() as session:
            now, stamp = head(session), self.learner.stamp()
            try:
                check_trusted(self.card.parent, [])  # otherwise, the new model could not be loaded
                model = self.learner.train(session)
                card = {"version": now.version, "origin": now.origin, "stamp": stamp}
                save_model(model, self.card, scores=card)
            except Exception as error:
                self._failed["training"] = (now.structure, stamp), time.monotonic()
                self._note("training", f"the last training failed: {_in_words(error)}", error)
                return False
        self.trainings += 1
        return True

    def _note(self, kind: str, words: str, error: Exception) -> None:
        if self.troubles.get(kind) != words:
            log.error("%s", words, exc_info=None if trouble_of(error) else error)
        self.troubles[kind] = words


class Burst:
    """A burst of changes in quick succession."""

    def __init__(self) -> None:
        self._last: Any = None
        self._began = self._changed = 0.0

    def is_over(self, state: Any) -> bool:
        """Return whether the state has not changed for a moment, or has been changing for too long."""
        now = time.monotonic()
        if state != self._last:
            if now - self._changed >= QUIET:
                self._began = now
            self._last, self._changed = state, now
        if now - self._began >= LONGEST_BURST and now - self._changed < QUIET:
            self._began = now
            return True
        return now - self._changed >= QUIET


def _in_words(error: Exception) -> str:
    """Return a public message for an error, because database errors can contain hosts, users and SQL."""
    if trouble := trouble_of(error):
        return trouble.heading[0].lower() + trouble.heading[1:]
    if isinstance(error, SQLAlchemyError):
        return type(error).__name__
    if isinstance(error, FolderError):
        return str(error)
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]
