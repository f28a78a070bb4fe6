"""Keep a fitted model: one file for the model, one JSON card that says what it is.

`save_model` writes ``NAME-<hash>.joblib`` and then, in one step, the card ``NAME.json`` that names
it. `load_model` reads the card, checks the file against it and only then unpickles. A reader, or a
crash at any moment, finds the old model or the new one, whole.

Time and memory: linear in the size of the file, which is held in memory once.
"""

import hashlib
import json
import os
import re
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sklearn.exceptions import InconsistentVersionWarning
from sklearn.utils.validation import check_is_fitted

from pipelines._common import files as _files
from pipelines._saving import cards as _cards
from pipelines._saving import formats as _formats
from pipelines._saving.cards import ModelFileError, ModelFileNotFoundError
from pipelines._saving.checkpoint import Checkpoint as Checkpoint
from pipelines._saving.fingerprint import training_data

_SUFFIXES = (".joblib", ".skops")
_COMPARED = (
    "python",
    "numpy",
    "scipy",
    "scikit-learn",
    "joblib",
    "tallygrad",
)  # what a pickle holds, and how


class ModelVersionWarning(UserWarning):
    """A model was trained with other versions than those it is loaded with.

    Examples
    --------
    A card that names another version:

    >>> import tempfile, warnings
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from estimators import ComplementNB
    >>> from pipelines import ModelVersionWarning, load_model, save_model
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model = ComplementNB().fit([[2, 0], [0, 1]], ["action", "puzzle"])
    ...     card = save_model(model, Path(folder, "taste"))
    ...     _ = card.write_text(card.read_text().replace(np.__version__, "1.0"))
    ...     with warnings.catch_warnings(action="always", record=True) as caught:
    ...         model = load_model(card)
    >>> caught[0].category is ModelVersionWarning
    True
    """


def save_model(
    model: Any,
    path: str | os.PathLike[str],
    *,
    X: Any = None,
    y: Any = None,
    scores: Mapping[str, Any] | None = None,
    questions: Any = None,
    answer: Callable[[Any, Any], Any] | None = None,
    retrain: str | None = None,
) -> Path:
    """Save a fitted model beside a JSON card that describes it.

    The model goes to ``NAME-<first 16 digits of its SHA-256>.joblib`` and the card to
    ``NAME.json``; the files of earlier models of that name which no card in the folder names are
    deleted. Savers of one name wait for each other, and the last one wins.

    Parameters
    ----------
    model : estimator
        A fitted scikit-learn estimator, such as a Pipeline or a GridSearchCV.
    path : str or path
        ``models/games``, ``models/games.json`` or ``models/games.joblib`` for a joblib file,
        ``models/games.skops`` for a skops file (needs the package skops), which others
        can load without trusting you. The folder must exist.
    X : data frame or array of shape (n_samples, n_features), default=None
        The training data. The card keeps the number of rows, the columns and a fingerprint of the
        content, the same whether pandas or polars held it; never the data.
    y : data frame, Series or array of shape (n_samples,) or (n_samples, n_targets), default=None
        The targets, kept in the same way.
    scores : dict, default=None
        What was measured, for example by cross-validation.
    questions : list of dicts, data frame or array of shape (n_questions, n_features), default=None
        At most three questions, stored with their answers so that a test can ask them again. A list
        of dicts is asked as a pandas data frame.
    answer : callable, default=None
        ``answer(model, questions)`` gives one answer for each question; `model.predict` by default.
    retrain : str, default=None
        The command that trains this model again.

    Returns
    -------
    Path
        The path of the card.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the model is not fitted.
    ModelFileError
        If the model cannot be pickled or, for skops, holds types that `load_model` refuses.
    FileNotFoundError
        If the folder does not exist.
    ImportError
        If skops is asked for and not installed.
    TypeError
        If `scores` is no dict or `retrain` no str, or a score, question or answer is not a JSON value.
    ValueError
        If the path has another suffix, there are too many questions, or a score or answer is NaN or
        infinite. Whatever is raised, the model saved before is still there.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.naive_bayes import MultinomialNB
    >>> X, y = [[2, 0], [0, 1], [3, 1]], ["action", "puzzle", "action"]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     card = save_model(MultinomialNB().fit(X, y), Path(folder, "taste"), X=X, y=y,
    ...                       questions=[[0, 4]], scores={"accuracy": 1.0})
    ...     model = load_model(card, expected=MultinomialNB)
    ...     print(card.name, read_card(card)["questions"], model.predict([[5, 0]]))
    taste.json [{'question': [0, 4], 'answer': 'puzzle'}] ['action']
    """
    folder, name, suffix = _split(path)
    if not folder.is_dir():
        raise ModelFileNotFoundError(f"The folder {str(folder)!r} does not exist; make it first.")
    check_is_fitted(model)
    if not isinstance(scores, Mapping | None):
        raise TypeError(f"scores must be a dict. Got {scores!r} instead.")
    if not isinstance(retrain, str | None):
        raise TypeError(f"retrain must be the command as a str. Got {retrain!r} instead.")
    described = {
        "class": _cards.import_path(type(model)),
        "final_class": _cards.import_path(type(_cards.final_estimator(model))),
        "parameters": _cards.describe(model),
        "versions": _cards.installed_versions(),
        "trained": training_data(X, y),
        "scores": _cards.as_json(dict(scores or {}), "scores"),
        "questions": _cards.answered(model, questions, answer),
        "retrain": retrain,
        "saved": datetime.now(UTC).isoformat(),
    }
    data = _formats.to_bytes(model, suffix or ".joblib")
    sha256 = hashlib.sha256(data).hexdigest()
    file = f"{name}-{sha256[:16]}{suffix or '.joblib'}"
    card = {"format": _cards.FORMAT, "name": name, "file": file, "sha256": sha256}
    card |= {"size": len(data), **described}
    text = json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return _files.store(folder, name, file, data, text.encode())


def load_model(path: str | os.PathLike[str], *, expected: type | None = None) -> Any:
    """Load the model that a card names, after checking the card and the file.

    **A joblib file runs code when it is loaded.** The hash proves that the file is the one which
    the card names (integrity), not who made the two (origin): load only models of your own or of
    people whose code you would run. For files from others, ask for a path that ends in ``.skops``:
    it loads only the types of this library, of scikit-learn and scipy.sparse, and those that skops
    itself trusts, and no joblib file whatever the card says. Even then a forged file may crash the
    process, since some of these types, such as trees, do not check their own content.

    Parameters
    ----------
    path : str or path
        ``models/games`` or ``models/games.json`` for what the card names; ``models/games.joblib``
        or ``models/games.skops`` insist on that kind of file.
    expected : type, default=None
        The class of the model, or of its final estimator in a pipeline or a search. It must be
        exactly the class on the card, so that another model is refused before it is unpickled.

    Returns
    -------
    estimator
        The fitted model.

    Raises
    ------
    ModelFileError
        If the card or the file is missing (then it is a FileNotFoundError too), incomplete,
        altered, of a newer format, of another class or kind, outside the card's folder, or cannot
        be loaded.
    ImportError
        If the file is one of skops, which is not installed.
    TypeError
        If `expected` is no class.
    ValueError
        If the path has another suffix.

    Warns
    -----
    ModelVersionWarning
        If it was trained with another version of what `version_differences` compares.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from estimators import ComplementNB
    >>> from pipelines import load_model, save_model
    >>> model = ComplementNB().fit([[2, 0], [0, 1]], ["action", "puzzle"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     card = save_model(model, Path(folder, "taste"))
    ...     again = load_model(card, expected=ComplementNB)
    >>> again.predict([[5, 0]]).tolist()
    ['action']
    """
    if not isinstance(expected, type | None):
        raise TypeError(f"expected must be a class. Got {expected!r} instead.")
    card, data = _read_card_and_file(path)
    what = f"The model {str(path)!r}"
    _check_kind(what, path, card, expected)
    differences = version_differences(card)
    if differences:
        retrain = f"retrain it with: {card['retrain']}" if card["retrain"] else "retrain it"
        message = f"{what} may answer differently: {'; '.join(differences)}. To be safe, {retrain}"
        warnings.warn(message, ModelVersionWarning, stacklevel=2)
    model = _unpickle(what, card, data, differences)
    final = _cards.final_estimator(model)
    if expected and not (isinstance(model, expected) or isinstance(final, expected)):
        raise ModelFileError(f"{what} is a {type(model).__name__}, which its card does not say.")
    return model


def read_card(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read and check the card of a model, without loading the model.

    Parameters
    ----------
    path : str or path
        As for `load_model`.

    Returns
    -------
    dict
        ``format``, ``name``, ``file``, ``sha256`` and ``size`` (of the file), ``class`` and
        ``final_class``, ``parameters``, ``versions``, ``trained`` (``rows``, ``columns``,
        ``fingerprint``; or None), ``scores``, ``questions`` (each with ``question`` and
        ``answer``), ``retrain`` and ``saved`` (UTC).

    Raises
    ------
    ModelFileError
        If the card is missing (then it is a FileNotFoundError too), unreadable, incomplete, of a
        newer format or names a file outside its folder.
    ValueError
        If the path has another suffix.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from estimators import ComplementNB
    >>> from pipelines import read_card, save_model
    >>> model = ComplementNB().fit([[2, 0], [0, 1]], ["action", "puzzle"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     card = read_card(save_model(model, Path(folder, "taste"), scores={"accuracy": 1.0}))
    >>> card["class"], card["scores"]
    ('estimators.naive_bayes.ComplementNB', {'accuracy': 1.0})
    """
    folder, name, _ = _split(path)
    where = folder / f"{name}.json"
    try:
        card = json.loads(where.read_bytes())
    except FileNotFoundError as error:
        raise ModelFileNotFoundError(
            f"There is no model card {str(where)!r}. A model is loaded by its card, which save_model "
            "returned; a file that joblib.dump made has none."
        ) from error
    except OSError as error:
        raise ModelFileError(f"The card {str(where)!r} cannot be read: {error}.") from error
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"The card {str(where)!r} is not JSON: {error}.") from error
    _cards.check_card(f"The card {str(where)!r}", card)
    return card


def version_differences(card: Mapping[str, Any]) -> list[str]:
    """Say which versions differ between a card and this process.

    Parameters
    ----------
    card : dict
        As given by `read_card`.

    Returns
    -------
    list of str
        Such as ``"trained with numpy 2.3.0, here 2.4.1"``, for Python (major and minor version),
        NumPy, SciPy, scikit-learn, joblib and tallygrad; empty where all agree.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from estimators import ComplementNB
    >>> from pipelines import read_card, save_model, version_differences
    >>> model = ComplementNB().fit([[2, 0], [0, 1]], ["action", "puzzle"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     card = read_card(save_model(model, Path(folder, "taste")))
    >>> version_differences(card)
    []
    """
    then, now = ({**v, "python": _minor(v)} for v in (card["versions"], _cards.installed_versions()))
    return [
        f"trained with {name} {then.get(name)}, here {now[name]}"
        for name in _COMPARED
        if then.get(name) != now[name]
    ]


def _minor(versions: Mapping[str, str]) -> str:
    return ".".join(str(versions.get("python")).split(".")[:2])


def _split(path: str | os.PathLike[str]) -> tuple[Path, str, str | None]:
    """Split ``models/games.skops`` into folder, name and the kind of file it insists on."""
    if str(path).endswith(("/", os.sep)):
        raise ValueError(f"A model's path must name the model, not only its folder. Got {str(path)!r}.")
    path = Path(path)
    name, suffix = (path.stem, path.suffix) if path.suffix else (path.name, "")
    if suffix not in ("", ".json", *_SUFFIXES):
        raise ValueError(
            f"A model's path must end in .json, .joblib, .skops or no suffix. Got {str(path)!r}."
        )
    if not re.fullmatch(r"[^./\\:][^/\\:]*", name):
        raise ValueError(
            "A model's name cannot be empty, begin with a dot or hold a colon or backslash. "
            f"Got {str(path)!r}."
        )
    return path.parent, name, suffix if suffix in _SUFFIXES else None


def _read_card_and_file(path: str | os.PathLike[str]) -> tuple[dict[str, Any], bytes]:
    card = read_card(path)
    while True:
        where = Path(path).with_name(card["file"])
        try:
            data = where.read_bytes()
        except FileNotFoundError as error:
            newer = read_card(path)  # a saver may have replaced the card and deleted the file
            if newer == card:
                raise ModelFileNotFoundError(
                    f"The model file {str(where)!r}, which its card names, is missing."
                ) from error
            card = newer
        else:
            _check_bytes(where, card, data)
            return card, data


def _check_bytes(where: Path, card: Mapping[str, Any], data: bytes) -> None:
    if len(data) != card["size"]:
        raise ModelFileError(
            f"The model file {str(where)!r} has {len(data)} bytes; its card says {card['size']}."
        )
    if hashlib.sha256(data).hexdigest() != card["sha256"]:
        raise ModelFileError(f"The model file {str(where)!r} is not the one which its card names.")


def _check_kind(
    what: str, path: str | os.PathLike[str], card: Mapping[str, Any], expected: type | None
) -> None:
    _, _, suffix = _split(path)
    if suffix and not card["file"].endswith(suffix):
        raise ModelFileError(f"{what} is not a {suffix} file: its card names {card['file']!r}.")
    classes = dict.fromkeys((card["class"], card["final_class"]))
    if expected and _cards.import_path(expected) not in classes:
        found = " ending in a ".join(classes)
        raise ModelFileError(f"{what} is a {found}; expected was a {_cards.import_path(expected)}.")


def _unpickle(what: str, card: Mapping[str, Any], data: bytes, differences: list[str]) -> Any:
    with warnings.catch_warnings():
        if differences:  # said already, with the command that helps
            warnings.simplefilter("ignore", InconsistentVersionWarning)
        try:
            return _formats.from_bytes(data, Path(card["file"]).suffix)
        except ModelFileError as error:
            versions = "; ".join(differences) or "the versions are those of its card"
            raise ModelFileError(f"{what} cannot be loaded ({versions}): {error}") from error
