"""The credentials: the instance profile gives way to the isolation profile, from whatever state it is in."""

from dataclasses import dataclass
from typing import ClassVar

from quarantag.ports import Instances

_UNDO = "the profile that the case recorded, by its unique id, or none"


@dataclass(frozen=True, slots=True)
class AssociateProfile:
    """Associate the isolation profile with an instance that has no profile."""

    critical: ClassVar[bool] = True
    actions: ClassVar[frozenset[str]] = frozenset({"ec2:AssociateIamInstanceProfile", "iam:PassRole"})
    undo: ClassVar[str] = _UNDO
    needs_ledger: ClassVar[bool] = True

    instance_id: str
    profile_arn: str

    @property
    def target(self) -> str:
        """The instance."""
        return self.instance_id

    @property
    def relies_on(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def apply(self, instances: Instances) -> None:
        """Associate the profile."""
        instances.associate_profile(self.instance_id, self.profile_arn)


@dataclass(frozen=True, slots=True)
class ReplaceProfile:
    """Replace a running instance's profile in one call: never a moment without one."""

    critical: ClassVar[bool] = True
    actions: ClassVar[frozenset[str]] = frozenset({"ec2:ReplaceIamInstanceProfileAssociation", "iam:PassRole"})
    undo: ClassVar[str] = _UNDO
    needs_ledger: ClassVar[bool] = True

    association_id: str
    profile_arn: str

    @property
    def target(self) -> str:
        """The association."""
        return self.association_id

    @property
    def relies_on(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def apply(self, instances: Instances) -> None:
        """Replace the profile."""
        instances.replace_profile(self.association_id, self.profile_arn)


@dataclass(frozen=True, slots=True)
class DisassociateProfile:
    """End the association of an instance that does not run, where AWS refuses to replace."""

    critical: ClassVar[bool] = True
    actions: ClassVar[frozenset[str]] = frozenset({"ec2:DisassociateIamInstanceProfile"})
    undo: ClassVar[str] = _UNDO
    needs_ledger: ClassVar[bool] = True

    association_id: str

    @property
    def target(self) -> str:
        """The association."""
        return self.association_id

    @property
    def relies_on(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def apply(self, instances: Instances) -> None:
        """End the association."""
        instances.disassociate_profile(self.association_id)
