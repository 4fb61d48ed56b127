"""The errors that this package raises on purpose: each says what, where and what to do.

`Retryable` is raised out of a handler, so that Lambda, the queue and the sweep try again.
`Terminal` is recorded, tagged and announced: trying again without a change would end the same.
"""


class QuarantagError(Exception):
    """Base of every error of this package; its text is one line for a person."""


class Retryable(QuarantagError):
    """A passing fault (throttling, a stale read, a lease held elsewhere): the same call may succeed later."""


class Terminal(QuarantagError):
    """A fault that only a change (of permission, quota, resource) can mend."""


class Conflict(Retryable):
    """The world moved between reading and writing: observe again and plan again."""


class LedgerUnavailable(Retryable):
    """The ledger cannot be reached: the cut goes on without it, everything else waits."""


class InvalidEvent(QuarantagError):
    """An event that is not what the function accepts; raised, so that it reaches the failed-events queue."""


class InvalidFinding(InvalidEvent):
    """A document that is not a GuardDuty finding, or lacks what a decision needs."""


class InvalidPolicy(QuarantagError):
    """A severity policy that is refused. `path` is the place inside it, as keys and list positions.

    It is the first refusal of the document; `others` are those found beside it.
    """

    def __init__(
        self, message: str, path: tuple[str | int, ...] = (), others: "tuple[InvalidPolicy, ...]" = ()
    ) -> None:
        """Keep `message` (what is wrong and what to write instead) and `path` (its place in the document)."""
        super().__init__(message)
        self.message = message
        self.path = path
        self.others = others

    @property
    def all(self) -> "tuple[InvalidPolicy, ...]":
        """Every refusal of the document, this one first."""
        return (InvalidPolicy(self.message, self.path), *self.others)

    def __str__(self) -> str:
        """`rules[2].match.type: what is wrong and what to write instead`."""
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path).lstrip(".")
        return f"{place}: {self.message}" if place else self.message


class InvalidSettings(QuarantagError):
    """A function's environment that template.yaml would never set."""


class TagLimitReached(Terminal):
    """The resource carries as many tags as AWS allows (50)."""
