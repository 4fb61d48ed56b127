"""What can be done to an instance, one file a concern: each step says its IAM actions and what undoes it."""

from typing import ClassVar, Protocol

from quarantag.ports import Instances


class Step(Protocol):
    """One change to AWS, as a value: it can be compared, shown, recorded and applied again with the same end."""

    critical: ClassVar[bool]
    """Whether the instance is not contained while this step is left to do."""
    actions: ClassVar[frozenset[str]]
    """The IAM actions that `apply` needs."""
    undo: ClassVar[str]
    """What takes the step back."""
    needs_ledger: ClassVar[bool]
    """Whether the step must wait for the ledger, since only the ledger can keep what the step replaces."""

    @property
    def target(self) -> str:
        """Id of the one resource that the step changes."""

    @property
    def relies_on(self) -> frozenset[str]:
        """Targets of the steps that must go well before: where one fails, this step is left for a later run."""

    def apply(self, instances: Instances) -> None:
        """Make the change. Raises `Retryable` or `Terminal`."""
