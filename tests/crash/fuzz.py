"""Mutated events: what a handler gets when someone sends something else than AWS documents."""

import copy
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Protocol

from aws_lambda_powertools import Logger

import isolate
import release
import tag_finding
from console.policy_file import load_checked
from quarantag.aws.wiring import Wired
from quarantag.errors import InvalidEvent, QuarantagError
from tests.cloud import ACCOUNT, REGION
from tests.crash.books import Books
from tests.crash.scenarios import KEY
from tests.crash.site import NOON, in_memory
from tests.crash.world import World
from tests.findings import fixture
from tests.stack import Context, about, tag_change

POLICY = load_checked(Path(__file__).resolve().parents[2] / "policies" / "default.yaml")
OTHER_ACCOUNT = "999988887777"
_SOMETHING_ELSE = 0.01
Handler = Callable[..., dict[str, Any]]
FINDINGS = ("backdoor.event.json", "sequence.event.json", "stolen-credentials.event.json", "sample.event.json")


class Place(Protocol):
    """The world that the handlers work on."""

    def tags(self, instance_id: str) -> dict[str, str]:
        """The instance's tags."""

    def untag(self, instance_id: str, key: str) -> None:
        """Delete one of them."""

    def changed(self) -> bool:
        """Whether an instance is tagged, an interface has other groups, or a case is open."""

    def recorded(self) -> list[tuple[str, str]]:
        """Instance and kind of each audit entry since the last call."""


@dataclass(slots=True)
class InMemory:
    """The world of memory."""

    world: World
    books: Books

    def tags(self, instance_id: str) -> dict[str, str]:
        return self.world.tags(instance_id)

    def untag(self, instance_id: str, key: str) -> None:
        self.world.untag(instance_id, key)

    def changed(self) -> bool:
        groups = {group for _, one in self.world.interfaces.values() for group in one.groups}
        tagged = any(one.tags for one in self.world.instances.values())
        return len(groups) != 1 or tagged or bool(self.books.opened)

    def recorded(self) -> list[tuple[str, str]]:
        new = [(one.instance_id, one.kind) for one in self.books.entries]
        self.books.entries.clear()
        return new


@dataclass(slots=True)
class Fuzz:
    """Sends mutated events through the three handlers, over a world that must not change, but for what one may ask.

    `handlers` by name: `handler()` itself, or its `respond` over ports of memory.
    """

    random: Random
    world: Place
    handlers: dict[str, Handler]
    mine: str
    other: str
    seen: Counter[str] = field(default_factory=Counter)

    def mutated(self, document: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON
        """The document with one to three places changed, taken away, or put elsewhere; rarely something else at all."""
        if self.random.random() < _SOMETHING_ELSE:
            return self.random.choice([None, [], [document], "{}", 0, {}, {"sweep": "true"}, {"sweep": 1}])
        changed = copy.deepcopy(document)
        for _ in range(self.random.randint(1, 3)):
            places = list(_places(changed))
            if places:
                self._mutate(*self.random.choice(places))
        return changed

    def tag_event(self) -> None:
        """A tag change: neither tag is live, so whatever it says nothing may change."""
        value = self.random.choice(["Isolate", "Release"])
        self._send("tag", self.mutated(tag_change(self.mine, {KEY: value})))

    def trail_event(self) -> None:
        """CloudTrail's event: it names who wrote the tag; it is no tag. At most it is recorded, of whom it names."""
        items = {"items": [{"key": KEY, "value": self.random.choice(["Isolate", "Release"])}]}
        resources = {"items": [{"resourceId": self.mine}, {"resourceId": self.other}]}
        detail = {"eventName": "CreateTags", "requestParameters": {"tagSet": items, "resourcesSet": resources}}
        detail |= {"eventID": str(self.random.random()), "eventTime": NOON.isoformat(), "userIdentity": {"arn": "arn"}}
        event = self.mutated({"detail-type": "AWS API Call via CloudTrail", "source": "aws.ec2", "detail": detail})
        self._send("trail", event)

    def finding_event(self) -> None:
        """A finding: only an instance of this account and Region that it names may be tagged."""
        own = {"source": "aws.guardduty", "detail-type": "GuardDuty Finding", "detail": about(self.mine)}
        self._send("finding", self.mutated(self.random.choice([own, own, *map(fixture, FINDINGS)])))

    def _send(self, kind: str, event: Any) -> None:  # noqa: ANN401 - any JSON
        """To the two that act on the tag, then to the tagger, whatever the event is."""
        for function in ("isolate", "release", "tag_finding"):
            self._hand(kind, function, event)
            if function == "release":
                assert not self.world.changed(), f"{function} acted on what nobody asks for: {json.dumps(event)}"
        text = json.dumps(event)
        for instance_id, entry in self.world.recorded():
            assert instance_id in text, f"{entry} about {instance_id}, which the event does not name: {text}"
            self.seen[f"{kind}: recorded {entry}"] += 1
        for instance_id in (self.mine, self.other):
            if self.world.tags(instance_id):
                assert all(part in text for part in (instance_id, ACCOUNT, REGION)), f"tagged {instance_id}: {text}"
                self.seen[f"{kind}: tagged"] += 1
                for key in self.world.tags(instance_id):
                    self.world.untag(instance_id, key)

    def _hand(self, kind: str, function: str, event: Any) -> None:  # noqa: ANN401 - any JSON
        """Only this package's own errors leave a handler, and its answer is JSON."""
        try:
            answer = self.handlers[function](event, Context())
        except InvalidEvent:
            self.seen[f"{kind}, {function}: refused"] += 1
        except QuarantagError as error:
            self.seen[f"{kind}, {function}: {type(error).__name__}"] += 1
        else:
            json.dumps(answer)
            self.seen[f"{kind}, {function}: understood"] += 1

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
    """Two untagged instances in one VPC, all in memory."""
    site = in_memory()
    world, books = site.builder, site.ports.ledger
    assert isinstance(world, World)
    assert isinstance(books, Books)
    network = world.vpc()
    mine, other = world.instance([network]).id, world.instance([network]).id
    site.clock.time = NOON
    wired = Wired(site.settings, site.ports, Logger(service="fuzz", level="CRITICAL"))
    handlers: dict[str, Handler] = {
        "isolate": partial(isolate.respond, wired=wired),
        "release": partial(release.respond, wired=wired),
        "tag_finding": partial(tag_finding.respond, by=POLICY, wired=wired),
    }
    return Fuzz(Random(seed), InMemory(world, books), handlers, mine, other)  # noqa: S311 - a seed, no secret


def run(seed: int, events: int) -> Counter[str]:
    """So many events of each kind through each handler; answers what became of them."""
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
