"""What must hold once a cell has ended, asked of the world."""

from collections.abc import Mapping
from typing import Any

from quarantag.access import allowed_rules
from quarantag.case import Case
from quarantag.instance import chosen_groups
from quarantag.measures import Subject
from quarantag.observing import observe
from tests.cloud import Launched
from tests.crash.site import Site, standing, truth_of
from tests.measures.evidence_world import WorldEvidence, problems_of_evidence
from tests.trails import THIEF_KEY, Thief


def uncut(site: Site, launched: Launched) -> list[str]:
    """Which interfaces are not alone in their VPC's isolation group, or in one that has a rule."""
    allowed = allowed_rules(site.settings)
    groups = chosen_groups(site.ports.instances.isolation_groups(), allowed)
    wrong = []
    for interface in site.ports.instances.interfaces(launched.id):
        group = groups.get(interface.vpc_id)
        if group is None or group.rules - allowed or interface.groups != (group.id,):
            wrong.append(f"{interface.id} is not cut: {interface.groups}, isolation group {group}")
    return wrong


def problems_of_isolation(site: Site, launched: Launched, truth: Mapping[str, Any], *, told: bool) -> list[str]:
    """The instance is isolated and verified, in one case with the true state before, and people know."""
    found = uncut(site, launched) + _out_of_reach(site, launched)
    profiles = standing(site.ports, launched.id)["profile"]
    if profiles != [site.settings.isolation_profile_arn]:
        found.append(f"the profile is {profiles}")
    case = site.ports.ledger.case(launched.id)
    if case is None or case.status != "Isolated":
        return [*found, f"the case is {case.status if case else 'none'}"]
    found += _one_case(site, launched)
    before = {one.id: one.groups for one in case.before.interfaces}
    if before != truth["groups"]:
        found.append(f"the recorded groups are {before}, the true ones {truth['groups']}")
    recorded = [case.before.profile.arn] if case.before.profile else []
    if recorded != truth["profile"]:
        found.append(f"the recorded profile is {recorded}, the true one {truth['profile']}")
    found += unsupported(site, launched, case) + _unlisted(site, launched, case, told=told)
    found += _sent(site, launched, "Isolated", told=told)
    return found + _shown(site, launched, "Isolated") + _told(site, launched, "Isolated", told=told)


def problems_of_release(
    site: Site, launched: Launched, truth: Mapping[str, Any], *, told: bool = True, shown: bool = True
) -> list[str]:
    """The instance has exactly what it had, in the one case, which is closed."""
    found = []
    now = truth_of(site, launched.id)
    if now != truth:
        found.append(f"given back was {now}, the truth is {truth}")
    case = site.ports.ledger.case(launched.id)
    if case is None or case.status != "Released":
        found.append(f"the case is {case.status if case else 'none'}")
    found += _shown(site, launched, "Released") if shown else []
    found += _sent(site, launched, "Released", told=told) + (unsaved(site, case) if case else [])
    return found + _one_case(site, launched) + _told(site, launched, "Released", told=told)


def _out_of_reach(site: Site, launched: Launched) -> list[str]:
    """Which isolation groups lack the rule for responders."""
    vpcs = {one.vpc_id for one in launched.networks}
    groups = (one for one in site.ports.instances.isolation_groups() if one.vpc_id in vpcs)
    return [f"{one.id} lets no responder in" for one in groups if allowed_rules(site.settings) - one.rules]


def unsupported(site: Site, launched: Launched, case: Case) -> list[str]:
    """Which measures are wanted and not taken."""
    observation = observe(site.ports.instances, launched.id)
    assert observation
    subject = Subject(observation, case, site.settings, site.clock.now(), {}, site.clock.now())
    found = []
    for measure in site.ports.measures:
        if not measure.wanted(site.settings):
            continue
        seen = measure.observe(subject)
        kept = case.kept.get(measure.name)
        if kept is None and measure.keep(seen, subject) is not None:
            found.append(f"{measure.name} kept nothing")
        if kept is not None and measure.plan(seen, kept, subject).steps:
            found.append(f"{measure.name} is not done: {measure.plan(seen, kept, subject)}")
    return found


def _unlisted(site: Site, launched: Launched, case: Case, *, told: bool) -> list[str]:
    """Whether the case, and people, know what CloudTrail shows of its sessions."""
    if case.survivors is None:
        return ["what survives was not looked for"]
    if not isinstance(site.ports.history, Thief):
        return []
    found = [] if [one.what for one in case.survivors.found] == [THIEF_KEY] else [f"survivors: {case.survivors}"]
    return found + _told(site, launched, "Outlives the isolation", told=told)


def unsaved(site: Site, case: Case) -> list[str]:
    """What the case's evidence lacks, or has twice: a release changes nothing of it."""
    ports = [measure.port for measure in site.ports.measures if isinstance(measure.port, WorldEvidence)]
    return [one for port in ports for one in problems_of_evidence(port, case.instance_id, case.id, site.settings)]


def _one_case(site: Site, launched: Launched) -> list[str]:
    cases = site.opened(launched.id)
    return [] if len(cases) == 1 else [f"{len(cases)} cases were opened"]


def _shown(site: Site, launched: Launched, status: str) -> list[str]:
    instance = site.ports.instances.instance(launched.id)
    shown = instance.tags.get(site.settings.status_key, "") if instance else ""
    return [] if shown.startswith(status) else [f"the status tag says {shown!r}"]


def _sent(site: Site, launched: Launched, status: str, *, told: bool) -> list[str]:
    sent = [one["status"] for one in site.ports.bus.details if one["instance"]["id"] == launched.id]  # type: ignore[attr-defined]
    return [f"no workflow was told that it is {status}: {sent}"] if told and status not in sent else []


def _told(site: Site, launched: Launched, status: str, *, told: bool) -> list[str]:
    heard = site.told(launched.id)
    return [f"nobody was told that it is {status}: {heard}"] if told and status not in heard else []
