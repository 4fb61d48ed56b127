"""An AWS that is some way off: strict moto in a process of its own, whose every answer takes exactly so long.

A call is carried out at once and its answer kept back until the latency is over, so that what moto needs to answer,
with many calls at a time, is no part of what is measured. Times are `time.monotonic()`, the same in every process.
"""

import logging
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Lock, Thread
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from benchmarks.world import World, world

_SWITCH = 0.0005
"""Seconds until a thread of this process gives way: an answer that is due must not wait for the work on another."""
CUT = "ModifyNetworkInterfaceAttribute"
_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """One instance, tagged to be isolated: the event of the tag, and what a contender must know of it."""

    event: dict[str, Any]
    instance_id: str
    vpc_id: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One call as this AWS saw it: when it arrived, and when its answer was due.

    That this process's thread is woken somewhat later, with others at work, is no part of what is measured.
    """

    operation: str
    arrived: float
    answered: float


@dataclass(frozen=True, slots=True)
class Distant:
    """The other process."""

    endpoint: str
    environment: Mapping[str, str]
    _asks: Connection

    def prepare(self, interfaces: int) -> Prepared:
        """Launch an instance in a VPC of its own, which has no isolation group yet, and tag it."""
        found: Prepared = self._ask("prepare", interfaces)
        return found

    def set_latency(self, seconds: float) -> None:
        """From now on each answer takes so long; forgets what was asked."""
        self._ask("latency", seconds)

    def asked(self) -> list[Asked]:
        """Every call that is answered by now, in the order of the answers."""
        found: list[Asked] = self._ask("asked")
        return found

    def cuts(self) -> list[float]:
        """When each change of an interface's groups was answered."""
        return [one.answered for one in self.asked() if one.operation == CUT]

    def is_cut(self, prepared: Prepared) -> bool:
        """Whether every interface of the instance is in one group that has no rule."""
        return bool(self._ask("is_cut", prepared))

    def _ask(self, *question: object) -> Any:  # noqa: ANN401 - each question has its own answer
        self._asks.send(question)
        return self._asks.recv()


@contextmanager
def distant() -> Iterator[Distant]:
    """Start it, and end it with the block."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    try:
        endpoint, environment = here.recv()
        yield Distant(endpoint, environment, here)
    finally:
        process.kill()
        process.join()


@dataclass(slots=True)
class _Gate:
    """The WSGI application before moto's."""

    application: Wsgi
    latency: float = 0.0
    asked: list[Asked] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI's own
        arrived = time.monotonic()
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        with self.lock:  # moto's state is not made for threads
            answer = list(self.application(environ, start_response))
        due = max(arrived + self.latency, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))
        self.asked.append(Asked(_operation(environ, body), arrived, due))
        return answer


def _operation(environ: Mapping[str, Any], body: bytes) -> str:
    """Of a query API its `Action`, of a JSON one its target's last word."""
    action = _ACTION.search(body)
    return action[1].decode() if action else str(environ.get("HTTP_X_AMZ_TARGET", "")).rpartition(".")[2]


def _serve(asked: Connection) -> None:
    sys.setswitchinterval(_SWITCH)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with world() as prepared:
        gate = _Gate(DomainDispatcherApplication(create_backend_app))
        server = make_server("127.0.0.1", 0, gate, threaded=True)
        Thread(target=server.serve_forever, daemon=True).start()
        asked.send((f"http://127.0.0.1:{server.server_port}", dict(prepared.environment)))
        with suppress(EOFError):  # who asked is gone
            while True:
                question, *details = asked.recv()
                asked.send(_answer(prepared, gate, question, details))


def _answer(there: World, gate: _Gate, question: str, details: list[Any]) -> object:
    match question:
        case "prepare":
            return _prepared(there, *details)
        case "latency":
            gate.latency, gate.asked = details[0], []
        case "asked":
            return list(gate.asked)
        case "is_cut":
            return _is_cut(there, details[0])
    return None


def _prepared(there: World, interfaces: int) -> Prepared:
    network = there.lab.vpc()
    profile = there.lab.profile(f"of-{network.vpc_id}")
    instance = there.lab.instance([network] * interfaces, profile=profile)
    return Prepared(there.tagged(instance.id), instance.id, network.vpc_id)


def _is_cut(there: World, prepared: Prepared) -> bool:
    ec2 = there.lab.ec2
    filters = [{"Name": "attachment.instance-id", "Values": [prepared.instance_id]}]
    interfaces = ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    groups = {tuple(group["GroupId"] for group in one["Groups"]) for one in interfaces}
    if len(groups) != 1 or len(only := next(iter(groups))) != 1:
        return False
    (group,) = ec2.describe_security_groups(GroupIds=list(only))["SecurityGroups"]
    return not group["IpPermissions"] and not group["IpPermissionsEgress"]
