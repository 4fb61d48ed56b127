"""The cut: every interface into the isolation group of its own VPC, and that group without rules but for responders."""

from dataclasses import dataclass
from typing import ClassVar

from quarantag.instance import Rule
from quarantag.ports import Instances


@dataclass(frozen=True, slots=True)
class CreateIsolationGroup:
    """Make this stack's isolation group in a VPC that has none; touches nothing of the instance."""

    critical: ClassVar[bool] = True
    actions: ClassVar[frozenset[str]] = frozenset({"ec2:CreateSecurityGroup", "ec2:CreateTags"})
    undo: ClassVar[str] = "none needed: it is empty, and the VPC's next case uses it"
    needs_ledger: ClassVar[bool] = False

    vpc_id: str

    @property
    def target(self) -> str:
        """The VPC."""
        return self.vpc_id

    @property
    def relies_on(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def apply(self, instances: Instances) -> None:
        """Create the group."""
        instances.create_isolation_group(self.vpc_id)


@dataclass(frozen=True, slots=True)
class RevokeGroupRules:
    """Take rules off an isolation group: AWS adds allow-all egress at creation, people add others."""

    critical: ClassVar[bool] = True
    actions: ClassVar[frozenset[str]] = frozenset({"ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress"})
    undo: ClassVar[str] = "none: an isolation group has no rule but the one for responders"
    needs_ledger: ClassVar[bool] = False

    group_id: str
    rules: frozenset[Rule]

    @property
    def target(self) -> str:
        """The group."""
        return self.group_id

    @property
    def relies_on(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def apply(self, instances: Instances) -> None:
        """Revoke the rules."""
        instances.revoke_rules(self.group_id, self.rules)


@dataclass(frozen=True, slots=True)
class AllowAccess:
    """Let responders into an isolation group, where the stack's parameters ask for it."""

    critical: ClassVar[bool] = False
    actions: ClassVar[frozenset[str]] = frozenset({"ec2:AuthorizeSecurityGroupIngress"})
    undo: ClassVar[str] = "RevokeGroupRules, once the parameters ask for another rule or none"
    needs_ledger: ClassVar[bool] = False

    group_id: str
    rule: Rule

    @property
    def target(self) -> str:
        """The group, and who is let in."""
        return f"{self.group_id} from {self.rule.peer}"

    @property
    def relies_on(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def apply(self, instances: Instances) -> None:
        """Add the rule."""
        instances.allow_rule(self.group_id, self.rule)


@dataclass(frozen=True, slots=True)
class SetInterfaceGroups:
    """Give one interface exactly these groups."""

    critical: ClassVar[bool] = True
    actions: ClassVar[frozenset[str]] = frozenset({"ec2:ModifyNetworkInterfaceAttribute"})
    undo: ClassVar[str] = "the same step with the groups that the case recorded"
    needs_ledger: ClassVar[bool] = False

    interface_id: str
    groups: tuple[str, ...]

    @property
    def target(self) -> str:
        """The interface."""
        return self.interface_id

    @property
    def relies_on(self) -> frozenset[str]:
        """The groups: an interface never joins one whose rules could not be revoked."""
        return frozenset(self.groups)

    def apply(self, instances: Instances) -> None:
        """Set the groups."""
        instances.set_interface_groups(self.interface_id, self.groups)
