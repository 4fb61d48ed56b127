"""What supports the cut, one file a measure: its port, its steps with their IAM actions, what it keeps and gives back.

A measure never delays the cut and never undoes it: `supporting` runs each beside it. What it found is written to the
case before it changes anything, and a release gives back exactly that.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar

from quarantag.case import Case, Kept
from quarantag.instance import Observation
from quarantag.settings import Settings

Seen = TypeVar("Seen")
When = Literal["beside", "after"]


class MeasureStep(Protocol):
    """One change to AWS, as a value; applied to the port of its measure, again with the same end."""

    actions: ClassVar[frozenset[str]]
    """The IAM actions that `apply` needs."""
    undo: ClassVar[str]
    """What takes the step back."""

    @property
    def target(self) -> str:
        """Id of the one resource that the step changes."""

    def apply(self, port: Any) -> None:  # noqa: ANN401 - each measure has a port of its own
        """Make the change. Raises `Retryable` or `Terminal`."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a measure is about. `failed` are its steps that failed for good in this run, each with its fault's text.

    `began` is when this run's work for the measure began: from then on what was observed may have changed.
    """

    observation: Observation
    case: Case
    settings: Settings
    now: datetime
    failed: Mapping[MeasureStep, str]
    began: datetime

    @property
    def id(self) -> str:
        """The instance's id."""
        return self.case.instance_id


@dataclass(frozen=True, slots=True)
class Todo:
    """What is left of one measure: steps (they may run in parallel), what AWS is changing, what people must know.

    A run waits for what is `pending`; what is `following` takes longer, so the sweep looks at it again. Workflows are
    told `detail`, which is JSON values.
    `waiting` is what a later sweep gives back of an instance that is gone, because it is not time yet.
    """

    steps: tuple[MeasureStep, ...] = ()
    pending: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    following: tuple[str, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Supported:
    """How one measure ended.

    `left` is what a later run must do, `refused` what only a change can mend, `following` what AWS finishes by itself,
    `waiting` what a later sweep does when it is time.
    """

    name: str
    notes: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    following: tuple[str, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether it needs no further run."""
        return not self.left and not self.refused and not self.following

    @property
    def said(self) -> tuple[str, ...]:
        """All that people must know of it, what failed first: a tag has room for 256 characters."""
        return tuple(f"{self.name}: {text}" for text in (*self.refused, *self.left, *self.notes))


class Measure(ABC, Generic[Seen]):
    """One supporting measure over its port. `observe` reads, raising `Retryable` or `Terminal`; the rest is pure."""

    name: ClassVar[str]
    """Its key in the case, and what people call it."""
    reads: ClassVar[frozenset[str]]
    """The IAM actions of `observe`."""
    taking: ClassVar[tuple[type[MeasureStep], ...]]
    """The steps that `plan` may name: the isolator's role may make these."""
    giving: ClassVar[tuple[type[MeasureStep], ...]]
    """The steps that `plan_release` may name: the releaser's role may make these."""
    when: ClassVar[When] = "beside"
    """Whether it begins with the cut or after it."""
    outlives: ClassVar[bool] = False
    """Whether what it changed stays when the instance is gone, so that it must be given back even then."""

    port: Any

    @abstractmethod
    def wanted(self, settings: Settings) -> bool:
        """Whether the stack's parameters ask for it."""

    @abstractmethod
    def observe(self, subject: Subject) -> Seen:
        """Read what it is about."""

    @abstractmethod
    def keep(self, seen: Seen, subject: Subject) -> Kept | None:
        """What a release gives back, found before anything was changed; None where the measure does not apply."""

    @abstractmethod
    def plan(self, seen: Seen, kept: Kept, subject: Subject) -> Todo:
        """What is left to do; no step once it is done."""

    @abstractmethod
    def plan_release(self, seen: Seen, kept: Kept, subject: Subject) -> Todo:
        """What is left to give back; no step once it is given."""
