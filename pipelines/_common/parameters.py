"""The check of parameters that are counts. Its error has scikit-learn's words."""

from numbers import Integral


def check_int(name: str, value: object, of: str, lowest: int = 1) -> int:
    """Return a parameter of the function or class `of` as an int; raise ValueError unless it is one."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < lowest:
        raise ValueError(
            f"The {name!r} parameter of {of} must be an int in the range [{lowest}, inf). "
            f"Got {value!r} instead."
        )
    return int(value)
