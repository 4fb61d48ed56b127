"""Mutated events: what a function gets when someone sends something else than AWS documents."""

import copy
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from console.policy_file import load_checked
from quarantag.errors import InvalidEvent, InvalidFinding, QuarantagError
from quarantag.finding import parse as parse_finding
from quarantag.isolation import isolate
from quarantag.reconcile import Request
from quarantag.releasing import release
from quarantag.tagchange import parse as parse_tag_change
from quarantag.tagging import tag
from quarantag.tagwrite import is_tag_write, tag_writes
from tests.cloud import ACCOUNT, REGION
from tests.crash.scenarios import KEY
from tests.crash.site import NOON, Site, in_memory
from tests.crash.world import World
from tests.findings import fixture
from tests.stack import about, tag_change

POLICY = load_checked(Path(__file__).resolve().parents[2] / "policies" / "default.yaml")
OTHER_ACCOUNT = "999988887777"
FINDINGS = ("backdoor.event.json", "sequence.event.json", "stolen-credentials.event.json", "sample.event.json")


@dataclass(slots=True)
class Fuzz:
    """Sends mutated events to one function over a world that must not change, but for what the event may ask."""

    random: Random
    site: Site
    world: World
    mine: str
    other: str
    seen: Counter[str] = field(default_factory=Counter)

    def mutated(self, document: dict[str, Any]) -> dict[str, Any]:
        """The document with one to three places changed, taken away, or put elsewhere."""
        changed = copy.deepcopy(document)
        for _ in range(self.random.randint(1, 3)):
            places = list(_places(changed))
            if places:
                self._mutate(*self.random.choice(places))
        return changed

    def tag_event(self) -> None:
        """An event for isolate and release: neither tag is live, so whatever it says nothing may change."""
        value = self.random.choice(["Isolate", "Release"])
        event = self.mutated(tag_change(self.mine, {KEY: value}))
        self._refused_or(lambda: self._reconcile(event), InvalidEvent)
        assert not self._changed(), f"an event acted on what its tag does not ask for: {json.dumps(event)}"

    def trail_event(self) -> None:
        """CloudTrail's event: it names who wrote the tag; it is no tag."""
        items = {"items": [{"key": KEY, "value": "Release"}]}
        resources = {"items": [{"resourceId": self.mine}]}
        detail = {"eventName": "CreateTags", "requestParameters": {"tagSet": items, "resourcesSet": resources}}
        event = self.mutated({"detail-type": "AWS API Call via CloudTrail", "detail": detail})
        if is_tag_write(event):
            for write in tag_writes(event, self.site.settings):
                self.seen["trail: understood"] += 1
                assert write.instance_id in json.dumps(event)
                release(Request(write.instance_id, None, "fuzz"), self.site.ports, self.site.settings, write)
        assert not self._changed()

    def finding_event(self) -> None:
        """A finding: only an instance of this account and Region that it names may be tagged."""
        own = {"source": "aws.guardduty", "detail-type": "GuardDuty Finding", "detail": about(self.mine)}
        event = self.mutated(self.random.choice([own, own, *map(fixture, FINDINGS)]))
        self._refused_or(lambda: self._find(event), InvalidFinding)
        for instance_id in (self.mine, self.other):
            if self.world.tags(instance_id):
                text = json.dumps(event)
                assert all(part in text for part in (instance_id, ACCOUNT, REGION)), f"tagged {instance_id}: {text}"
                self.seen["finding: tagged"] += 1
                for key in self.world.tags(instance_id):
                    self.world.untag(instance_id, key)

    def _reconcile(self, event: dict[str, Any]) -> None:
        change = parse_tag_change(event, self.site.settings)
        assert change.instance_id == event["resources"][0].rpartition("/")[2]
        wanted = change.tags.get(KEY, "")
        for function in (isolate, release):
            function(Request(change.instance_id, wanted, "fuzz"), self.site.ports, self.site.settings)

    def _find(self, event: dict[str, Any]) -> None:
        for tagged in tag(parse_finding(event), POLICY, "tag_finding fuzz", self.site.ports, self.site.settings):
            self.seen[f"finding: {tagged.outcome.partition(':')[0]}"] += 1

    def _refused_or(self, act: Callable[[], None], refusal: type[QuarantagError]) -> None:
        try:
            act()
        except refusal:
            self.seen["refused"] += 1
        except QuarantagError as error:
            self.seen[type(error).__name__] += 1
        else:
            self.seen["understood"] += 1

    def _changed(self) -> bool:
        groups = {group for _, one in self.world.interfaces.values() for group in one.groups}
        tags = [one.tags for one in self.world.instances.values() if one.tags]
        return len(groups) != 1 or bool(tags) or bool(list(self.site.ports.ledger.open_instances()))

    def _mutate(self, holder: Any, key: Any) -> None:  # noqa: ANN401 - any JSON
        strange = [None, 0, -1, 8, 1e308, True, "", "x" * 300, [], {}, [None], {"a": 1}, "\u0000", "Isolate", "Release"]
        strange += ["isolate", self.other, self.mine, ACCOUNT, OTHER_ACCOUNT, REGION, "us-east-1", "i-"]
        arns = [f"arn:aws:ec2:{REGION}:{account}:instance/{self.other}" for account in (ACCOUNT, OTHER_ACCOUNT)]
        match self.random.randrange(4):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, dict):
                holder[self.random.choice([KEY, "tags", "id", "severity", "extra"])] = holder.pop(key)
            case 2:
                holder[key] = [holder[key], holder[key]]
            case _:
                holder[key] = self.random.choice([*strange, *arns])


def fuzz(seed: int) -> Fuzz:
    """Two untagged instances in one VPC."""
    site = in_memory()
    world = site.builder
    assert isinstance(world, World)
    network = world.vpc()
    mine, other = world.instance([network]).id, world.instance([network]).id
    site.clock.time = NOON
    return Fuzz(Random(seed), site, world, mine, other)  # noqa: S311 - a reproducible seed, no secret


def run(seed: int, events: int) -> Counter[str]:
    """So many events through each function; answers what became of them."""
    one = fuzz(seed)
    for _ in range(events):
        one.tag_event()
        one.trail_event()
        one.finding_event()
    return one.seen


def _places(value: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - any JSON
    """Every place of the document, as its holder and its key there."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])
