"""The stage: says what happens, watches what changes, and waits for what is expected."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from console.demo.probes import Probe
from console.demo.world import TAG_KEY, View, World

PATIENCE = 25.0
PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that had to come true, whether it did, and what was seen last."""

    name: str
    ok: bool
    seen: str


class Audience(Protocol):
    """Who hears of it as it happens; times are seconds since the play began."""

    def scene(self, title: str) -> None:
        """A scene begins."""

    def acted(self, at: float, text: str) -> None:
        """Somebody did something: GuardDuty, an analyst."""

    def changed(self, at: float, text: str) -> None:
        """The cloud looks different now."""

    def judged(self, at: float, expectation: Expectation) -> None:
        """An expectation came true, or did not in time."""


@dataclass(slots=True)
class Stage:
    """Plays in one world before one audience; findings `arrive` on its event bus. Keeps every expectation's verdict."""

    world: World
    audience: Audience
    arrive: Callable[[Mapping[str, Any]], None]
    began: float = field(default_factory=time.monotonic)
    expectations: list[Expectation] = field(default_factory=list)
    seen: dict[str, View] = field(default_factory=dict)
    isolated: dict[str, View] = field(default_factory=dict)
    """How each instance looked when it was last seen as isolated."""
    portraits: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """All fields of the instance that is shown whole, by the moment."""

    def __post_init__(self) -> None:
        """Remember how everything looks at the beginning."""
        self.seen = self.world.look(self.world.actors)

    def act(self, text: str) -> None:
        """Tell what somebody is about to do."""
        self.audience.acted(self._now(), text)

    def expect(self, name: str, probe: Probe, *, patience: float = PATIENCE) -> None:
        """Wait until the probe holds, telling every change meanwhile; give up after `patience` seconds."""
        deadline = time.monotonic() + patience
        ok, seen = probe()
        while not ok and time.monotonic() < deadline:
            self.watch()
            time.sleep(PAUSE)
            ok, seen = probe()
        self.watch()
        verdict = Expectation(name, ok, seen)
        self.expectations.append(verdict)
        self.audience.judged(self._now(), verdict)

    def watch(self) -> None:
        """Tell what changed since the last look."""
        now = self.world.look(self.world.actors)
        for name, view in now.items():
            for text in self._changes(name, self.seen[name], view):
                self.audience.changed(self._now(), text)
        asked = {name: view for name, view in now.items() if view.tags.get(TAG_KEY) != "Release"}
        self.isolated |= {name: view for name, view in asked.items() if view.status == "Isolated"}
        self.seen = now

    def _changes(self, name: str, before: View, after: View) -> Iterator[str]:
        for key in sorted(before.tags.keys() | after.tags.keys()):
            if key.startswith(TAG_KEY) and before.tags.get(key) != after.tags.get(key):
                yield f"{name}: tag {key} = {after.tags.get(key, '(removed)')}"
        for interface, groups in after.groups.items():
            if before.groups.get(interface) != groups:
                yield f"{name}: {interface} → {', '.join(self.group_names(groups))}"
        if before.profile_arn != after.profile_arn:
            yield f"{name}: profile → {after.profile_arn.rpartition('/')[2] or 'none'}"

    def group_names(self, ids: tuple[str, ...]) -> list[str]:
        """Names of these groups, in their order."""
        found = self.world.groups(ids) if ids else {}
        return [found[one]["GroupName"] for one in ids] or ["no group"]

    def _now(self) -> float:
        return time.monotonic() - self.began
