"""`quarantag list` and `quarantag show`: what is asked, what the ledger holds, and what the live instance shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from console.operate_aws import Desk, Saved
from quarantag.access import allowed_rules
from quarantag.case import Case
from quarantag.instance import Instance, Observation, chosen_groups
from quarantag.plan import Plan, plan
from quarantag.settings import Settings
from quarantag.steps import Step
from quarantag.steps.credentials import AssociateProfile
from quarantag.steps.network import CreateIsolationGroup, RevokeGroupRules, SetInterfaceGroups

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sight:
    """One instance as the live tags, the ledger and EC2 show it; `observation` where its isolation was looked at.

    `case` is the latest one, `snapshots` its evidence; `instance` is None where EC2 does not know it (any more).
    """

    id: str
    instance: Instance | None
    case: Case | None
    observation: Observation | None
    settings: Settings
    snapshots: tuple[Saved, ...] = ()

    @property
    def open_case(self) -> Case | None:
        """The case, where it is open."""
        return self.case if self.case and self.case.open else None

    @property
    def there(self) -> bool:
        """Whether there is an instance that could be contained."""
        return self.instance is not None and not self.instance.ended

    @property
    def asked(self) -> str | None:
        """The control tag's value."""
        return self.tag(self.settings.tag_key)

    @property
    def status_tag(self) -> str | None:
        """The status tag: the status, and a short reason after a colon."""
        return self.tag(self.settings.status_key)

    @property
    def status(self) -> str | None:
        """The open case's status, else the status tag's first word."""
        if self.open_case:
            return self.open_case.status
        return self.status_tag.partition(":")[0] if self.status_tag else None

    @property
    def since(self) -> datetime | None:
        """Since when the open case stands."""
        return self.open_case.opened_at if self.open_case else None

    @property
    def reason(self) -> str | None:
        """The reason tag, else what the case recorded of it."""
        return self.tag(self.settings.reason_key) or (self.open_case.reason if self.open_case else None)

    @property
    def should_be_contained(self) -> bool:
        """Whether the tag or an open case says that it is to be isolated, and no release is asked for."""
        wanted = self.asked == self.settings.isolate_value
        return wanted or (self.open_case is not None and self.asked != self.settings.release_value)

    @property
    def left(self) -> Plan | None:
        """What the isolator would still do; None where the instance was not looked at."""
        return plan(self.observation, self.open_case, self.settings) if self.observation else None

    @property
    def contained(self) -> bool | None:
        """Whether the live instance is contained, by the isolator's own plan; None where nobody can tell."""
        return self.left.contained if self.left and self.there else None

    def tag(self, key: str) -> str | None:
        """Value of the live tag."""
        return self.instance.tags.get(key) if self.instance else None

    def isolation_group(self, vpc_id: str) -> str | None:
        """Id of the VPC's isolation group."""
        groups = chosen_groups(self.observation.groups, allowed_rules(self.settings)) if self.observation else {}
        return groups[vpc_id].id if vpc_id in groups else None

    def why_not_contained(self) -> tuple[str, ...]:
        """Everything that keeps the live instance from being contained, one line each."""
        if not self.observation or not self.left or self.contained:
            return ()
        steps = [_why(step, self.observation) for step in self.left.steps if step.critical]
        refusals = [f"{one.target}: {one.reason}" for one in self.left.refusals if one.critical]
        return (*steps, *refusals, *self.left.pending)

    def disagreements(self) -> tuple[str, ...]:
        """Where tag, case and live instance disagree, one line each; () where they agree."""
        why = self.why_not_contained() if self.status == "Isolated" and self.should_be_contained else ()
        return (*self.tag_disagreements(), *(f"isolated by the case, but {reason}" for reason in why))

    def tag_disagreements(self) -> tuple[str, ...]:
        """Where the tags disagree with the case, or with what is honoured."""
        return (*_asked_and_recorded(self), *_twins(self))


def look_at_all(desk: Desk) -> list[Sight]:
    """Everything that needs attention: every open case, and every live instance that is tagged to isolate or review.

    An instance that was released keeps its tag; it is over and not shown. Oldest case first.
    """
    settings = desk.settings
    opened = desk.book.open_instances()
    tagged = {one for value in (settings.isolate_value, settings.review_value) for one in desk.instances.tagged(value)}
    found = desk.fleet.instances(opened | tagged)
    cases = desk.book.cases(opened | tagged)
    deep = [one for one in found.values() if not one.ended and (one.id in opened or _isolate(one, settings))]
    observed = desk.fleet.observations(deep)
    sights = (Sight(one, found.get(one), cases.get(one), observed.get(one), settings) for one in opened | tagged)
    shown = [sight for sight in sights if sight.open_case or sight.there]
    return sorted(shown, key=lambda sight: (sight.since or _NEVER, sight.id))


def look_at(desk: Desk, instance_id: str) -> Sight:
    """Look at one instance; without a ledger to read its case is not known, and taken for none."""
    instance = desk.instances.instance(instance_id)
    case = desk.book.case(instance_id) if desk.book.known else None
    observed = desk.fleet.observations([instance] if instance and not instance.ended else [])
    saved = tuple(desk.fleet.snapshots(case.id)) if case else ()
    return Sight(instance_id, instance, case, observed.get(instance_id), desk.settings, saved)


def _isolate(instance: Instance, settings: Settings) -> bool:
    return instance.tags.get(settings.tag_key) == settings.isolate_value


def _asked_and_recorded(sight: Sight) -> Iterator[str]:
    settings, known = sight.settings, (sight.settings.isolate_value, sight.settings.release_value)
    if sight.open_case and sight.instance is None:
        yield "a case is open, but EC2 does not know the instance: the sweep ends the case"
    elif sight.open_case and not sight.there:
        yield "a case is open, but the instance is terminated: the sweep ends the case"
    elif sight.open_case and sight.asked is None:
        yield f"a case is open, but the tag {settings.tag_key} was removed: that never releases"
    elif sight.open_case and sight.asked not in known:
        yield f"a case is open, but the tag {settings.tag_key} reads {sight.asked}: that never releases"
    elif sight.there and sight.asked == settings.isolate_value and not sight.open_case:
        yield f"tagged {settings.isolate_value}, but no case is open"


def _twins(sight: Sight) -> Iterator[str]:
    key = sight.settings.tag_key
    for name in sorted(sight.instance.tags if sight.instance else ()):
        if name != key and name.casefold() == key.casefold():
            yield f"the tag {name} differs from {key} in case only: it is not honoured"


def _why(step: Step, observation: Observation) -> str:
    if isinstance(step, CreateIsolationGroup):
        return f"{step.vpc_id} has no isolation group yet"
    if isinstance(step, RevokeGroupRules):
        return f"the isolation group {step.group_id} has rules: {len(step.rules)}"
    if isinstance(step, SetInterfaceGroups):
        groups = next(one.groups for one in observation.interfaces if one.id == step.interface_id)
        return f"{step.interface_id} is in {', '.join(groups) or 'no group'}"
    if isinstance(step, AssociateProfile):
        return "the instance has no instance profile, not even the isolation profile"
    profiles = [one.profile_arn for one in observation.associations if one.id == step.target]
    return f"the instance profile is {', '.join(profiles)}"
