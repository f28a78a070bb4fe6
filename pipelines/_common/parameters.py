"""Validation of integer parameters, with error messages worded like those of scikit-learn."""

from numbers import Integral


def check_int(name: str, value: object, of: str, lowest: int = 1) -> int:
    """Return the value as an int. Raise ValueError if it is invalid for the parameter `name` of `of`."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < lowest:
        raise ValueError(
            f"The {name!r} parameter of {of} must be an int in the range [{lowest}, inf). "
            f"Got {value!r} instead."
        )
    return int(value)
