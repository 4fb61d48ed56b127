"""A warning."""

from dataclasses import dataclass

from quarantag.errors import InvalidPolicy


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning: its place in the document, as keys and list positions, and what to write instead."""

    path: tuple[str | int, ...]
    message: str

    def __str__(self) -> str:
        return str(InvalidPolicy(self.message, self.path))  # as a refusal would say it
