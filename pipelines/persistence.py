"""Save a fitted model: one file for the model, and one JSON card that describes it.

`save_model` writes ``NAME-<hash>.joblib`` and then atomically replaces the card ``NAME.json``, which refers
to the file. `load_model` reads the card, checks the file against the card, and only then unpickles the file.
At any moment, even after a crash, either the old model or the new one is complete on disk.

Saving and loading take O(file size) time, and memory for one copy of the file.
"""

import hashlib
import json
import os
import re
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.utils.validation import check_is_fitted

from pipelines._common.description import JSON, as_json, describe, import_path, installed_versions
from pipelines._common.files import read, store
from pipelines._common.formats import SUFFIXES, ModelFileError, ModelFileNotFoundError, from_bytes, to_bytes
from pipelines._common.frames import Rows
from pipelines._saving.cards import FORMAT, Answer, answered, check_card, final_estimator
from pipelines._saving.checkpoint import Checkpoint as Checkpoint
from pipelines._saving.fingerprint import training_data

# a pickle depends on these versions
_COMPARED = ("python", "numpy", "scipy", "scikit-learn", "joblib", "tallygrad")


class ModelVersionWarning(UserWarning):
    """Warning issued when a model was trained with versions that differ from the installed ones.

    Examples
    --------
    In this example, the card is edited to contain a different version of NumPy:

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
    model: BaseEstimator,
    path: str | os.PathLike[str],
    *,
    X: Rows = None,
    y: Rows = None,
    scores: Mapping[str, JSON] | None = None,
    questions: Rows = None,
    answer: Answer | None = None,
    retrain: str | None = None,
) -> Path:
    """Save a fitted model together with a JSON card that describes it.

    The model is written to ``NAME-<first 16 digits of its SHA-256>.joblib`` and the card to ``NAME.json``.
    Files of earlier models with this name are deleted unless a card in the folder refers to them. If several
    processes save models with the same name, they take turns, and the model that is saved last remains.

    A saved model can contain training data: `GDRegressor` and `PolynomialRegressor` keep the rows of wide
    data and of sparse data with many features. See the Notes of `GDRegressor`.

    Parameters
    ----------
    model : estimator
        A fitted scikit-learn estimator, such as a Pipeline or a GridSearchCV.
    path : str or path
        ``models/games``, ``models/games.json`` or ``models/games.joblib`` for a joblib file;
        ``models/games.skops`` for a skops file, which other people can load without trusting you (needs the
        package skops). The folder must exist.
    X : data frame or array of shape (n_samples, n_features), default=None
        The training data. The card contains the number of rows, the columns and a fingerprint of the content,
        which is the same for pandas and polars, but never the data.
    y : data frame, Series or array of shape (n_samples,) or (n_samples, n_targets), default=None
        The targets, which are included in the fingerprint.
    scores : dict, default=None
        Scores of the model, for example from cross-validation.
    questions : list of dicts, data frame or array of shape (n_questions, n_features), default=None
        At most three example inputs, which are stored with the answers of the model so that a test can repeat
        them later. A list of dicts is converted to a pandas data frame.
    answer : callable, default=None
        A function ``answer(model, questions)`` that returns one answer per question. None means
        `model.predict`.
    retrain : str, default=None
        The command that retrains this model.

    Returns
    -------
    Path
        The path of the card.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the model is not fitted.
    ModelFileError
        If the model cannot be pickled or, for skops, contains types that `load_model` rejects; or if a card
        with this name refers to a file of the other kind (joblib or skops), which would be deleted. To
        replace that model, delete its card first.
    FileNotFoundError
        If the folder does not exist.
    ImportError
        If the path ends in ``.skops`` and skops is not installed.
    TypeError
        If `scores` is not a dict, `retrain` is not a str, or a score, question or answer is not a JSON value.
    ValueError
        If the path ends in a suffix other than .json, .joblib or .skops, if there are more than three
        questions, or if a score or answer is NaN or infinite. After any error, the previously saved model
        is unchanged.

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
        raise ModelFileNotFoundError(f"The folder {str(folder)!r} does not exist. Create it first.")
    check_is_fitted(model)
    if not isinstance(scores, Mapping | None):
        raise TypeError(
            f"The 'scores' parameter of save_model must be a dict or None. Got {scores!r} instead."
        )
    if not isinstance(retrain, str | None):
        raise TypeError(
            f"The 'retrain' parameter of save_model must be a command (str) or None. Got {retrain!r} instead."
        )
    described = {
        "class": import_path(type(model)),
        "final_class": import_path(type(final_estimator(model))),
        "parameters": describe(model),
        "versions": installed_versions(),
        "trained": training_data(X, y),
        "scores": as_json(dict(scores or {}), "scores"),
        "questions": answered(model, questions, answer),
        "retrain": retrain,
        "saved": datetime.now(UTC).isoformat(),
    }
    data = to_bytes(model, suffix or ".joblib")
    sha256 = hashlib.sha256(data).hexdigest()
    file = f"{name}-{sha256[:16]}{suffix or '.joblib'}"
    card = {"format": FORMAT, "name": name, "file": file, "sha256": sha256}
    card |= {"size": len(data), **described}
    text = json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return store(folder, name, file, data, text.encode())


def load_model(path: str | os.PathLike[str], *, expected: type | None = None) -> BaseEstimator:
    """Load the model that a card refers to, after checking the card and the file.

    **A joblib file runs code when it is loaded.** The hash proves that the file is the one described by the
    card (integrity), but not who created the file and the card (origin). Load only your own models, or those
    of people whose code you would run. For files from other people, use a path that ends in ``.skops``. Then
    a joblib file is never loaded, whatever the card contains, and only types of this library, scikit-learn
    and scipy.sparse, and those that skops itself trusts, are allowed. Even so, a forged file may crash the
    process, since some of these types, such as trees, do not check their content.

    Parameters
    ----------
    path : str or path
        ``models/games`` or ``models/games.json`` for a file of either kind; ``models/games.joblib`` or
        ``models/games.skops`` to accept only that kind of file.
    expected : type, default=None
        The class of the model, or of the final estimator of a pipeline or a search. It must match the class
        on the card exactly, so that any other model is rejected before it is unpickled.

    Returns
    -------
    estimator
        The fitted model.

    Raises
    ------
    ModelFileError
        If the card or the model file is missing (the error is then also a FileNotFoundError), incomplete,
        altered, not a regular file, or in a newer format; if the model has a different class or kind of file,
        or is outside the card's folder; or if it cannot be loaded.
    ImportError
        If the model is a skops file and skops is not installed.
    TypeError
        If `expected` is not a class.
    ValueError
        If the path ends in a suffix other than .json, .joblib or .skops.

    Warns
    -----
    ModelVersionWarning
        If the model was trained with different versions, as returned by `version_differences`.

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
        raise TypeError(f"The 'expected' parameter of load_model must be a class. Got {expected!r} instead.")
    card, data = _read_card_and_file(path)
    what = f"The model {str(path)!r}"
    _check_kind(what, path, card, expected)
    differences = version_differences(card)
    if differences:
        retrain = f"retrain it with: {card['retrain']}" if card["retrain"] else "retrain it"
        message = f"{what} may give different predictions: {'; '.join(differences)}. To be safe, {retrain}"
        warnings.warn(message, ModelVersionWarning, stacklevel=2)
    model = _unpickle(what, card, data, differences)
    classes = tuple(import_path(type(part)) for part in (model, final_estimator(model)))
    if classes != (card["class"], card["final_class"]):
        raise ModelFileError(
            f"{what} is a {classes[0]} (final estimator: {classes[1]}), but its card lists the class "
            f"{card['class']} (final estimator: {card['final_class']})."
        )
    return model


def read_card(path: str | os.PathLike[str]) -> dict[str, JSON]:
    """Read and check the card of a model, without loading the model.

    Parameters
    ----------
    path : str or path
        The path of the model, as for `load_model`.

    Returns
    -------
    dict
        The fields ``format``, ``name``, ``file``, ``sha256`` and ``size`` (of the file), ``class`` and
        ``final_class``, ``parameters``, ``versions``, ``trained`` (``rows``, ``columns``,
        ``fingerprint``; or None), ``scores``, ``questions`` (each with ``question`` and
        ``answer``), ``retrain`` and ``saved`` (UTC).

    Raises
    ------
    ModelFileError
        If the card is missing (the error is then also a FileNotFoundError), unreadable, incomplete or in a
        newer format, or if it refers to a file outside its folder.
    ValueError
        If the path ends in a suffix other than .json, .joblib or .skops.

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
        card = json.loads(read(where))
    except FileNotFoundError as error:
        raise ModelFileNotFoundError(
            f"There is no model card {str(where)!r}. Models are loaded by the card that save_model writes; "
            "files written by joblib.dump have no card."
        ) from error
    except OSError as error:
        raise ModelFileError(f"The card {str(where)!r} cannot be read: {error}.") from error
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"The card {str(where)!r} is not valid JSON: {error}.") from error
    check_card(f"The card {str(where)!r}", card)
    return card


def version_differences(card: Mapping[str, JSON]) -> list[str]:
    """Return the differences between the versions on a card and the installed versions.

    Parameters
    ----------
    card : dict
        A card from `read_card`.

    Returns
    -------
    list of str
        The differences in the versions of Python (major and minor), NumPy, SciPy, scikit-learn, joblib and
        tallygrad, such as ``"trained with numpy 2.3.0, here 2.4.1"``. The list is empty if there are none.

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
    then, now = ({**v, "python": _minor(v)} for v in (card["versions"], installed_versions()))
    return [
        f"trained with {name} {then.get(name)}, here {now[name]}"
        for name in _COMPARED
        if then.get(name) != now[name]
    ]


def _minor(versions: Mapping[str, str]) -> str:
    return ".".join(str(versions.get("python")).split(".")[:2])


def _split(path: str | os.PathLike[str]) -> tuple[Path, str, str | None]:
    """Split a path such as ``models/games.skops`` into its folder, its name and its type, if any."""
    if str(path).endswith(("/", os.sep)):
        raise ValueError(
            "The 'path' parameter must include the name of the model, not only its folder. "
            f"Got {str(path)!r}."
        )
    path = Path(path)
    name, suffix = (path.stem, path.suffix) if path.suffix else (path.name, "")
    if suffix not in ("", ".json", *SUFFIXES):
        raise ValueError(
            "The 'path' parameter must end in .json, .joblib or .skops, or have no suffix. "
            f"Got {str(path)!r}."
        )
    if not re.fullmatch(r"[^./\\:][^/\\:]*", name):
        raise ValueError(
            "The model name in the 'path' parameter must not be empty, start with a dot, or contain a colon "
            "or a backslash. "
            f"Got {str(path)!r}."
        )
    return path.parent, name, suffix if suffix in SUFFIXES else None


def _read_card_and_file(path: str | os.PathLike[str]) -> tuple[dict[str, JSON], bytes]:
    card = read_card(path)
    while True:
        where = Path(path).with_name(card["file"])
        try:
            data = read(where)
        except FileNotFoundError as error:
            newer = read_card(path)  # another process may have replaced the card and deleted the file
            if newer == card:
                raise ModelFileNotFoundError(
                    f"The model file {str(where)!r} is missing, although its card refers to it. Restore the "
                    f"file, or save the model again."
                ) from error
            card = newer
        except ModelFileError:
            raise
        except (OSError, ValueError) as error:  # such as a folder, or an invalid file name
            raise ModelFileError(f"The model file {str(where)!r} cannot be read: {error}.") from error
        else:
            _check_bytes(where, card, data)
            return card, data


def _check_bytes(where: Path, card: Mapping[str, JSON], data: bytes) -> None:
    if len(data) != card["size"]:
        raise ModelFileError(
            f"The model file {str(where)!r} must have {card['size']} bytes, as stated on its card. It has "
            f"{len(data)} bytes. Restore the file, or save the model again."
        )
    if hashlib.sha256(data).hexdigest() != card["sha256"]:
        raise ModelFileError(
            f"The model file {str(where)!r} does not match the hash on its card, so it was changed after it "
            f"was saved. Restore the file, or save the model again."
        )


def _check_kind(
    what: str, path: str | os.PathLike[str], card: Mapping[str, JSON], expected: type | None
) -> None:
    _, _, suffix = _split(path)
    if suffix and not card["file"].endswith(suffix):
        raise ModelFileError(
            f"{what} must be a {suffix} file, because the path ends in {suffix}. Its card refers to "
            f"{card['file']!r}."
        )
    classes = dict.fromkeys((card["class"], card["final_class"]))
    if expected and import_path(expected) not in classes:
        found = " ending in a ".join(classes)
        raise ModelFileError(
            f"{what} must be a {import_path(expected)}, as requested by the 'expected' parameter. Got a "
            f"{found} instead."
        )


def _unpickle(what: str, card: Mapping[str, JSON], data: bytes, differences: list[str]) -> BaseEstimator:
    with warnings.catch_warnings():
        if differences:  # ModelVersionWarning has already reported the differences
            warnings.simplefilter("ignore", InconsistentVersionWarning)
        try:
            return from_bytes(data, Path(card["file"]).suffix)
        except ModelFileError as error:
            versions = "; ".join(differences) or "the versions match its card"
            raise ModelFileError(f"{what} cannot be loaded ({versions}): {error}") from error
