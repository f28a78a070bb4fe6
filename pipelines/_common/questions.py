"""Questions as dicts: their keys must be columns of the model."""

import difflib
from collections.abc import Iterable, Mapping

MAX_LISTED = 20  # columns that an error names


def check_keys(question: Mapping, columns: Iterable[str]) -> None:
    """Raise ValueError if a key of a question is not one of the columns that a model was fitted on."""
    known = list(map(str, columns))
    for key in question:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            listed = [*map(repr, known[:MAX_LISTED]), *(["..."] if len(known) > MAX_LISTED else [])]
            raise ValueError(
                f"The keys of a question must be columns that the model was fitted on: {', '.join(listed)}. "
                f"Got {key!r} instead." + (f" Did you mean {near[0]!r}?" if near else "")
            )
