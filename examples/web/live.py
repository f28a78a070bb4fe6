"""The model that a worker serves, and the thread that keeps it up to date with the database.

A request reads ``live.answers`` once: one object, never altered, replaced as a whole. The thread turns
every tenth of a second, in every worker, and in each turn

1. loads the saved model where another worker has saved a newer one;
2. lets a copy learn the rows that came since (where the site learns online), and serves the copy;
3. trains anew where rows were added, edited or deleted that cannot be learned so. Of all workers the one that
   gets the file lock trains, once a burst, and saves the model; a lock dies with its process.

The version that a model was trained up to stands on its card, so that file and version cannot disagree. What
goes wrong is kept in words, for /health and the admin's page; the last good model is served meanwhile.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from examples.web.database import Database, Head, head
from pipelines import ModelFileError, load_model, read_card, save_model, version_differences

TURN = 0.1  # seconds between looks at the database
QUIET = 0.2  # seconds without a change that end a burst
LONGEST_BURST = 2.0  # seconds after which a burst that goes on is trained all the same
PAUSE = 5.0  # seconds before something that failed is tried again, if nothing changes
FIRST_WAIT = 600.0  # seconds that a starting worker waits for another one's training

log = logging.getLogger(__name__)


class NotReadyError(RuntimeError):
    """There is no model yet, since the first training failed."""


@dataclass(frozen=True)
class Learner:
    """How a site's model is made; each function gets a session that sees one state of the database.

    Parameters
    ----------
    train : callable(session) -> fitted estimator
    compile : callable(model, session, previous) -> object that requests read
        `previous` is what was compiled before if only rows were learned online since; else None.
    expected : type
        The class of the model or of its last step, as of :func:`pipelines.load_model`.
    update : callable(model, session, since, upto) -> model, default=None
        Returns a *copy* that has learned the rows with since < version <= upto. None: nothing is learned
        online, and every change has to be structural.
    stamp : callable() -> str, default=none
        A model trained under another stamp is trained anew; a date, for one that depends on today.
    """

    train: Callable[[Session], Any]
    compile: Callable[[Any, Session, Any], Any]
    expected: type
    update: Callable[[Any, Session, int, int], Any] | None = None
    stamp: Callable[[], str] = str


class Served(NamedTuple):
    """A model, what requests read of it, the version it has learned, and what its card says."""

    answers: Any
    model: Any
    version: int
    trained: int
    stamp: str
    sha256: str


class LiveModel:
    """What a worker serves; see above.

    Parameters
    ----------
    learner : Learner
    database : Database
    card : Path
        The card of the saved model; its folder exists.
    """

    def __init__(self, learner: Learner, database: Database, card: Path, *, pause: float = PAUSE) -> None:
        self.learner, self.database, self.card, self.pause = learner, database, card, pause
        self.trainings = 0  # by this worker
        self.troubles: dict[str, str] = {}
        self._served: Served | None = None
        self._lock = FileLock(card.with_suffix(".training.lock"))
        self._files: Any = None  # the saved model's files when they were last looked at
        self._burst = Burst()
        self._failed: dict[str, tuple[Any, float]] = {}  # what could not be done, and when
        self._unusable_since = 0.0  # when the saved model was found damaged
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live model", daemon=True)

    @property
    def answers(self) -> Any:
        """What the site's `compile` made of the newest model."""
        served = self._served
        if served is None:
            raise NotReadyError("There is no model yet; " + self.reason)
        return served.answers

    @property
    def reason(self) -> str:
        """What is wrong, in words; empty where nothing is."""
        troubles = dict(self.troubles)
        if self._thread.ident and not self._thread.is_alive() and not self._stopping.is_set():
            troubles["thread"] = "the thread that keeps the model up to date has ended"
        return "; ".join(troubles.values())

    def health(self) -> dict[str, Any]:
        """Say how the model is, for /health and the admin's page."""
        served, reason = self._served, self.reason
        return {
            "status": "degraded" if reason or served is None else "ok",
            "reason": reason,
            "version": served and served.version,
            "trained": served and served.trained,
            "trainings": self.trainings,
            "worker": os.getpid(),
        }

    def start(self) -> None:
        """Load the saved model, or train where there is no good one; then follow the database."""
        self.turn(at_once=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread.ident:
            self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self._stopping.wait(TURN):
            self.turn()

    def turn(self, *, at_once: bool = False) -> None:
        """Look at the saved model and the database once, and do what is due."""
        try:
            now = self._follow()
            if self._is_due(now, at_once):
                self._train(wait=at_once)
            self.troubles.pop("database", None)
        except Exception as error:
            self._note("database", f"the database cannot be followed: {_in_words(error)}", error)

    def _follow(self) -> Head:
        """Serve what has been saved and rented since, as one new object."""
        found = self._look()  # before the database, which then is at least as new
        with self.database.reading() as session:
            now = head(session)
            served = self._served
            if found is not None:
                served = self._opened(*found, session, now)
            self._served = self._learned(served, session, now)
        return now

    def _look(self) -> tuple[dict[str, Any], Any] | None:
        """Return the card and the saved model, if the files changed and are good."""
        try:
            files = [(f.name, f.stat().st_mtime_ns, f.stat().st_size) for f in self._model_files()]
            if files == self._files:
                return None
            self._files = files
            card = read_card(self.card)
            if differences := version_differences(card):
                raise ModelFileError("; ".join(differences))
            model = load_model(self.card, expected=self.learner.expected)
            if read_card(self.card)["sha256"] == card["sha256"]:
                return card, model
            self._files = None  # another worker has just saved one: look again
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
        """Return what is to be served of a saved model, or what is served if that is no older."""
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
        """Return a copy that has learned the rows since, if there are any."""
        if served is None or self.learner.update is None or now.version <= served.version:
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
        """Tell whether it is time to train."""
        is_over = self._burst.is_over(self._wanted(now)) or at_once
        if not self._is_behind(now) or self._has_failed_lately("training", self._wanted(now)):
            return False
        return is_over if self._has_changed(now) else time.monotonic() - self._unusable_since >= self.pause

    def _is_behind(self, now: Head) -> bool:
        return self._has_changed(now) or "file" in self.troubles

    def _has_changed(self, now: Head) -> bool:
        """Tell whether there are changes that the served model does not know."""
        served = self._served
        return served is None or now.structure > served.trained or self.learner.stamp() != served.stamp

    def _wanted(self, now: Head) -> tuple[int, str]:
        return now.structure, self.learner.stamp()

    def _has_failed_lately(self, kind: str, what: Any) -> bool:
        failed, when = self._failed.get(kind, (None, 0.0))
        return failed == what and time.monotonic() - when < self.pause

    def _train(self, wait: bool) -> None:
        """Train, save and serve, unless another worker does or has done."""
        with suppress(Timeout), self._lock.acquire(FIRST_WAIT if wait else 0):
            if self._is_behind(self._follow()) and self._train_and_save():
                self._follow()

    def _train_and_save(self) -> bool:
        with self.database.reading() as session:
            now, stamp = head(session), self.learner.stamp()
            try:
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
            log.error("%s", words, exc_info=error)
        self.troubles[kind] = words


class Burst:
    """Changes that follow each other within a moment."""

    def __init__(self) -> None:
        self._last: Any = None
        self._began = self._changed = 0.0

    def is_over(self, state: Any) -> bool:
        """Tell whether the state has been the same for a moment, or has been changing for too long."""
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
    """Write an error for everybody: /health is open, and a database's errors name hosts, users and SQL."""
    if isinstance(error, SQLAlchemyError):
        return type(error).__name__
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]
