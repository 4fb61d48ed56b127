"""The moments at which a stack may be updated, each played on a stage."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

import isolate
import release
from quarantag.aws import wiring
from quarantag.aws.outbox import DynamoDbOutbox
from quarantag.errors import LedgerUnavailable
from quarantag.messages import Announcement
from quarantag.outcome import Request
from quarantag.releasing import release as give_back
from tests.faults import FakeClock, Fault
from tests.stack import KEY, tag_change
from tests.test_isolate_faults import LEDGER_METHODS
from tests.upgrade.stage import Stage


class Killed(BaseException):
    """The function's process ended here."""


def isolated(stage: Stage) -> None:
    """With every measure that is on by default."""
    stage.lab.tag(stage.launched.id, **{KEY: "Isolate"})
    isolate.handler(tag_change(stage.launched.id, {KEY: "Isolate"}), stage.stack.context())


def isolating(stage: Stage) -> None:
    """The case is open, one interface is cut, and the function was killed."""
    stage.lab.tag(stage.launched.id, **{KEY: "Isolate"})
    with pytest.raises(Killed):
        stage.stack.reconcile(
            stage.launched.id, Fault("set_interface_groups", _killed(), stage.launched.interface_ids[1])
        )


def releasing(stage: Stage) -> None:
    """One interface has its groups back, and the function was killed."""
    isolated(stage)
    stage.lab.tag(stage.launched.id, **{KEY: "Release"})
    request = Request(stage.launched.id, "Release", "request-killed")
    faults = Fault("set_interface_groups", _killed(), stage.launched.interface_ids[1])
    with pytest.raises(Killed):
        give_back(request, stage.stack.ports(faults), wiring.settings())


def released(stage: Stage) -> None:
    """The case is closed, and its history is there."""
    isolated(stage)
    stage.lab.tag(stage.launched.id, **{KEY: "Release"})
    release.handler(tag_change(stage.launched.id, {KEY: "Release"}), stage.stack.context())


def cut_without_a_ledger(stage: Stage) -> None:
    """Only the interfaces' own tags say what they had."""
    stage.lab.tag(stage.launched.id, **{KEY: "Isolate"})
    with pytest.raises(LedgerUnavailable):
        stage.stack.reconcile(
            stage.launched.id, *(Fault(method, LedgerUnavailable("away")) for method in LEDGER_METHODS)
        )


def remembered(stage: Stage) -> None:
    """What is no case: held and undecided findings, what was told, a cursor, a message that waits, the switch."""
    ledger = stage.stack.ports().ledger
    ledger.set_held(stage.launched.id, "finding-1", held=True)
    ledger.set_undecided("finding-2", undecided=True)
    ledger.set_told("told-1")
    ledger.set_cursor("isolate", stage.launched.id)
    waiting = Announcement("Held", ("a person decides",), detail={"event": "held"})
    DynamoDbOutbox(wiring.base().table, FakeClock(), wiring.logger("test")).put_aside(
        waiting, datetime(2026, 11, 28, tzinfo=UTC)
    )
    stage.stack.dynamodb.put_item(
        TableName="quarantag-ledger",
        Item={"pk": {"S": "switch"}, "sk": {"S": "paused"}, "paused": {"BOOL": True}, "by": {"S": "alice"}},
    )


def _killed() -> Exception:
    return Killed()  # type: ignore[return-value]


SCENES: dict[str, Callable[[Stage], None]] = {
    scene.__name__: scene for scene in (isolated, isolating, releasing, released, cut_without_a_ledger, remembered)
}
