"""Every AWS call that a function makes in process, as the wire shows it, with the questions that IAM is asked for it.

Where: botocore's events `before-parameter-build`, which comes once for each call with its parameters by name, and
`before-call`, which may answer it (botocore/client.py, `_make_api_call`). They are put where botocore reads the
handlers of each new session, as benchmarks/wire.py does: the functions' own clients are heard, `tests.cloud`'s are not.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock, local
from typing import Any

from botocore.exceptions import EndpointConnectionError
from botocore.handlers import BUILTIN_HANDLERS
from botocore.model import OperationModel

from tests.iam.asked import Ask, Facts
from tests.iam.asking import asks


@dataclass(frozen=True, slots=True)
class Heard:
    """One call: the role that made it, its name (`ec2:CreateTags`), and what IAM is asked."""

    role: str
    name: str
    asked: tuple[Ask, ...]


@dataclass(slots=True)
class Wire:
    """`role` calls from now on; services that are `down` can't be reached; `answers` are given in the cloud's place."""

    facts: Facts
    role: str = ""
    down: frozenset[str] = frozenset()
    answers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)
    _thread: local = field(default_factory=local)

    def hear(self, params: Mapping[str, Any], model: OperationModel, context: Mapping[str, Any], **_: object) -> None:
        """Note the call, with the state that it meets (`before-parameter-build`)."""
        service = str(model.service_model.endpoint_prefix)
        asked = tuple(asks(f"{service}:{model.name}", params, self.facts, str(context["client_region"])))
        role = getattr(self._thread, "role", self.role)
        with self._lock:
            self.heard.append(Heard(role, f"{service}:{model.name}", asked))

    @contextmanager
    def acting_as(self, role: str) -> Iterator[None]:
        """What this thread calls in this block is called by the role: of a function that another one started."""
        self._thread.role = role
        try:
            yield
        finally:
            del self._thread.role

    def answer(self, model: OperationModel, **_: object) -> tuple[Any, Mapping[str, Any]] | None:
        """Answer, or fail, in the cloud's place (`before-call`)."""
        service = str(model.service_model.endpoint_prefix)
        if service in self.down:
            raise EndpointConnectionError(endpoint_url=service)
        given = self.answers.get(f"{service}:{model.name}")
        return None if given is None else (_Fine(), given)


@dataclass(frozen=True, slots=True)
class _Fine:
    status_code: int = 200


@contextmanager
def listening(facts: Facts) -> Iterator[Wire]:
    """Hear the clients of every botocore session made in this block."""
    wire = Wire(facts)
    added = [("before-parameter-build", wire.hear), ("before-call", wire.answer)]
    BUILTIN_HANDLERS.extend(added)
    try:
        yield wire
    finally:
        for one in added:
            BUILTIN_HANDLERS.remove(one)
