"""The one wrapper around the ports: it records every call of a run, and brings about one fault at one of them."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Lock
from typing import Any, Literal, Protocol

from quarantag.case import Case
from quarantag.errors import Conflict, LedgerUnavailable, Retryable, TagLimitReached, Terminal
from quarantag.ports import Lease, Ports

Kind = Literal[
    "dies before",
    "dies after",
    "passing fault",
    "final fault",
    "conflict",
    "no room for tags",
    "answer lost",
    "sent twice",
    "ledger away from here",
]

Nth = tuple[str, int, Kind]
"""This kind of fault at the so manieth call of this method."""
READS = frozenset(
    {
        *("instance", "interfaces", "profile_associations", "isolation_groups", "profile", "existing_groups", "tagged"),
        *("ended", "protection", "evidence"),
        *("ended", "protection", "frozen"),
        *("metadata", "elastic_ips", "network_acls"),
        "groups_kept",
        *("member", "group", "tagged_members"),
        *("role", "claims"),
        *("others", "exists", "denial", "wished"),
    }
)
_ALL: tuple[Kind, ...] = ("dies before", "dies after", "ledger away from here")
_READING: tuple[Kind, ...] = ("passing fault", "final fault")
_WRITING: tuple[Kind, ...] = ("passing fault", "final fault", "answer lost", "sent twice")
_LEDGER_READING: tuple[Kind, ...] = ("passing fault",)
_LEDGER_WRITING: tuple[Kind, ...] = ("passing fault", "answer lost", "sent twice")
_TRANSACTIONS = frozenset({"open_case", "set_status", "record", "admit"})
"""They carry a client token that makes a second sending the same transaction (DynamoDB API, TransactWriteItems)."""
_SENT_ONCE = frozenset({"create_snapshots", "copy_snapshot"})
"""Their client sends no request again by itself (`_ONCE` of aws/wiring.py)."""
_LEDGER_READS = frozenset({"case", "cursor", "open_instances", "held"})


class Died(BaseException):
    """The process was killed: nothing catches it, and nothing that runs afterwards reaches the world."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a port: the how-manieth of this method on this resource."""

    port: str
    method: str
    resource: str
    occurrence: int

    def __str__(self) -> str:
        return f"{self.port}.{self.method}({self.resource})#{self.occurrence}"

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The faults that this call can meet."""
        if self.method == "yield_lease":  # raises nothing: a lease that is not given back expires
            return (*_ALL, "passing fault", "answer lost")
        if self.port == "ledger":
            if self.method in _LEDGER_READS:
                return (*_ALL, *_LEDGER_READING)
            writing = (kind for kind in _LEDGER_WRITING if kind != "sent twice" or self.method not in _TRANSACTIONS)
            return (*_ALL, *writing, *(("conflict",) if self.method in _CONFLICTS else ()))
        if self.method in READS or self.port in ("trail", "history"):
            return (*_ALL, *_READING)
        more = [kind for kind, methods in _OWN.items() if self.method in methods]
        writing = (kind for kind in _WRITING if kind != "sent twice" or self.method not in _SENT_ONCE)
        return (*_ALL, *writing, *more)


_CONFLICTS = frozenset(
    {"open_case", "add_interface_before", "add_role_before", "keep_measure", "set_taken", "set_status"}
    | {"set_survivors"}
)
_OWN: dict[Kind, frozenset[str]] = {
    "conflict": frozenset(
        {
            "create_isolation_group",
            "revoke_rules",
            "set_interface_groups",
            "associate_profile",
            "replace_profile",
            "disassociate_profile",
            *("create_deny", "associate"),
        }
    ),
    "no room for tags": frozenset({"tag"}),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """This kind of fault at this call."""

    call: Call
    kind: Kind

    def __str__(self) -> str:
        return f"{self.kind} {self.call}"


@dataclass(slots=True)
class Tap:
    """One run's way to the ports.

    The fault comes at its call, or at the nth of a method, where that can meet it. `name_of` names
    resources, `calls` are those it made, `met` says whether the fault's call came.
    """

    inner: Ports
    name_of: Callable[[str], str] = str
    fault: Fault | None = None
    nth: Nth | None = None
    calls: list[Call] = field(default_factory=list)
    met: bool = False
    dead: bool = False
    ledger_away: bool = False
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)

    @property
    def ports(self) -> Ports:
        """The ports to give to the run."""
        return tapped(self.inner, self)

    def call(self, port: str, method: str, do: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:  # noqa: ANN401
        """Make one call, around the fault where this is its place."""
        with self.lock:
            if self.dead:
                raise Died
            if port == "clock":
                return do(*arguments)
            call = self._named(port, method, arguments)
            kind = self._kind_at(call)
            self.met = self.met or kind is not None
            if kind == "dies before":
                self.dead = True
                raise Died
            self.ledger_away = self.ledger_away or kind == "ledger away from here"
            if self.ledger_away and port == "ledger":
                return self._raise(port, method, "passing fault")
        return self._done(call, kind, do, arguments)

    def _kind_at(self, call: Call) -> Kind | None:
        if self.fault and self.fault.call == call:
            return self.fault.kind
        if self.nth is None or self.nth[0] != call.method or self.nth[2] not in call.kinds:
            return None
        made = sum(one.method == call.method for one in self.calls)
        return self.nth[2] if made == self.nth[1] else None

    def _done(self, call: Call, kind: Kind | None, do: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:  # noqa: ANN401
        if kind in ("passing fault", "final fault", "conflict", "no room for tags"):
            return self._raise(call.port, call.method, kind)
        answer = do(*arguments)
        if isinstance(answer, Iterator):
            answer = iter(list(answer))
        if kind == "dies after":
            self.dead = True
            raise Died
        if kind == "answer lost":
            return self._raise(call.port, call.method, "passing fault")
        return do(*arguments) if kind == "sent twice" else answer

    def _raise(self, port: str, method: str, kind: Kind) -> None:
        """Raise what the adapter makes of this kind of fault."""
        if method == "yield_lease":
            return
        if kind == "conflict":
            raise Conflict(f"{method}: conflict")
        if port == "ledger":
            raise LedgerUnavailable(f"{method}: the ledger is away")
        if kind == "no room for tags":
            raise TagLimitReached(f"{method}: TagLimitExceeded")
        raise (Terminal(f"{method}: denied") if kind == "final fault" else Retryable(f"{method}: throttled"))

    def _named(self, port: str, method: str, arguments: tuple[Any, ...]) -> Call:
        key = (port, method, self.name_of(resource_of(arguments)))
        self.counts[key] += 1
        call = Call(*key, self.counts[key])
        self.calls.append(call)
        return call


class Caller(Protocol):
    """Makes a run's calls for it."""

    def call(self, port: str, method: str, do: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:  # noqa: ANN401
        """Make this one."""


def tapped(inner: Ports, by: Caller) -> Ports:
    """The same ports, every call of which goes by this caller."""
    names = ("instances", "ledger", "announcer", "trail", "findings", "bus", "clock", "history")
    wrapped: dict[str, Any] = {name: Tapped(by, name, getattr(inner, name)) for name in names}
    wrapped["measures"] = tuple(
        replace(measure, port=Tapped(by, measure.name, measure.port))  # type: ignore[type-var]
        for measure in inner.measures
    )
    return replace(inner, **wrapped)


@dataclass(slots=True)
class Tapped:
    """One port behind the tap."""

    tap: Caller
    name: str
    port: Any

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401
            return self.tap.call(self.name, method, partial(getattr(self.port, method), **named), arguments)

        return call


def resource_of(arguments: tuple[Any, ...]) -> str:
    """What the call is about: the first argument, or the instance of the first case, lease, entry or message."""
    first = arguments[0] if arguments else ""
    if isinstance(first, Case | Lease):
        return first.instance_id
    return first if isinstance(first, str) else ""
