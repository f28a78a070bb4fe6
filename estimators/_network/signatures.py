"""Signatures and docstrings of the networks: what both take and say stands once, and shows in both."""

import functools
import inspect
import re
from collections.abc import Callable
from typing import Any

FREE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)  # *args, **parameters


def with_parameters_of(parent: Callable) -> Callable[[Callable], Callable]:
    """Let an ``__init__`` with ``**parameters`` show those of its parent, which stand only there."""

    def decorate(init: Callable) -> Callable:
        own = [p for p in inspect.signature(init).parameters.values() if p.kind not in FREE]
        names = {p.name for p in own}
        theirs = [p for p in inspect.signature(parent).parameters.values() if p.name not in names]
        last = inspect.Parameter.KEYWORD_ONLY  # of those, the class's own come after the shared ones
        order = sorted(own + theirs, key=lambda p: (p.kind, p.kind == last and p.name in names))
        return naming_the_class(init, inspect.Signature(order))

    return decorate


def naming_the_class(method: Callable, signature: inspect.Signature | None = None) -> Callable:
    """Let arguments that a method does not take be an error of the object's class, not of where it stands."""
    takes = signature or inspect.signature(method)

    @functools.wraps(method)
    def checked(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            takes.bind(self, *args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}.{method.__name__}() {error}") from None
        return method(self, *args, **kwargs)

    checked.__signature__ = takes  # type: ignore[attr-defined]
    return checked


def documented(template: str | None) -> Callable[[type], type]:
    """Put the sections of a docstring where that of a class says ``{parameters}`` and the like."""

    def decorate(cls: type) -> type:
        if cls.__doc__ and template:  # python -OO has none
            _, *parts = re.split(r"(\w+)\n +-{4,}\n", template)
            for name, text in zip(parts[::2], parts[1::2], strict=True):
                cls.__doc__ = cls.__doc__.replace(f"{{{name.lower()}}}", text.strip())
        return cls

    return decorate
