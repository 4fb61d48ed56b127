"""How moto is corrected: a registry of replacements, installed together and taken out together.

A correction is a function that gets moto's own function first, then the call's arguments. Each says in its docstring
what AWS does and where that is written; FACTS means the project's fact sheet, `E1` its table of moto's errors.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, Never

from moto.ec2.exceptions import EC2ClientError

Moto = Any
"""A value of moto's own, passed through: no type holds beyond this border."""

Original = Callable[..., Moto]


@dataclass(frozen=True, slots=True)
class Correction:
    """One attribute of one of moto's classes and what makes its replacement from the original (None if absent)."""

    owner: type
    name: str
    make: Callable[[Any], object]


CORRECTIONS: list[Correction] = []


def corrects(owner: type, name: str) -> Callable[[Original], Original]:
    """Register the decorated `function(original, self, …)` in place of the method `owner.name`."""

    def register(function: Original) -> Original:
        def make(original: Original) -> Original:
            @wraps(original)
            def corrected(*args: Moto, **kwargs: Moto) -> Moto:
                return function(original, *args, **kwargs)

            return corrected

        CORRECTIONS.append(Correction(owner, name, make))
        return function

    return register


def corrects_property(owner: type, name: str) -> Callable[[Original], Original]:
    """Register the decorated `function(original getter or None, self)` in place of the property `owner.name`."""

    def register(function: Original) -> Original:
        def make(original: property | None) -> property:
            return property(lambda self: function(original.fget if original else None, self))

        CORRECTIONS.append(Correction(owner, name, make))
        return function

    return register


@contextmanager
def corrected() -> Iterator[None]:
    """Put every registered correction in place, and moto's own code back at the end."""
    undo: list[tuple[type, str, object]] = []
    try:
        for correction in CORRECTIONS:
            own = vars(correction.owner).get(correction.name)
            undo.append((correction.owner, correction.name, own))
            original = getattr(correction.owner, correction.name, None)
            setattr(correction.owner, correction.name, correction.make(original))
        yield
    finally:
        for owner, name, own in reversed(undo):
            if own is None:
                delattr(owner, name)
            else:
                setattr(owner, name, own)


def refuse(code: str, message: str) -> Never:
    """Answer the API call with this error code, as EC2 does."""
    raise EC2ClientError(code, message)
