"""`quarantag pause | resume`: the kill switch, one item of the ledger, that every function reads beside others."""

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.operate_options import Json, Yes, at_a_stack
from quarantag.errors import Terminal

if TYPE_CHECKING:
    from console.deployed import Deployed

GOOD, NO = 0, 1
_PAUSE = "Pause {stack}? Nothing is tagged, isolated or released until `quarantag resume`; what is contained stays so."
_RESUME = "Resume {stack}? Within five minutes the sweeps do all that was asked for meanwhile."
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; the functions say it in their answers.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command()(at_a_stack(pause))
    app.command()(at_a_stack(resume))


def pause(place: Any, *, reason: Why = "", yes: Yes = False, json: Json = False) -> int:  # noqa: ANN401
    """Pause the stack: its functions change nothing, from their next event on. No event is lost; an alarm says it.

    Who may is the stack's policy MayPause.

    Exit code: 0 paused; 1 nobody agreed; 2 AWS can't be asked, or refuses.
    """
    return _flip(place, reason=reason, paused=True, yes=yes, as_json=json)


def resume(place: Any, *, yes: Yes = False, json: Json = False) -> int:  # noqa: ANN401
    """Resume the stack: the sweeps catch up within five minutes. The parameter Paused is not touched.

    Exit code: 0 resumed; 1 nobody agreed, or the parameter Paused is true; 2 AWS can't be asked, or refuses.
    """
    return _flip(place, reason="", paused=False, yes=yes, as_json=json)


def _flip(place: Any, *, reason: str, paused: bool, yes: bool, as_json: bool) -> int:  # noqa: ANN401
    from console.deployed import deployed  # noqa: PLC0415 (lazy: `--help` stays fast)
    from console.operate import confirm  # noqa: PLC0415 - it is imported beside this one

    stack = deployed(place)
    if not yes and not confirm((_PAUSE if paused else _RESUME).format(stack=place.stack)):
        return NO
    item = _write(stack, paused=paused, reason=reason)
    by_parameter = stack.parameters.get("Paused") == "true"
    if as_json:
        sys.stdout.write(json.dumps(item | {"by_parameter": by_parameter}) + "\n")
    else:
        sys.stdout.write(f"{place.stack} is {'paused' if paused or by_parameter else 'resumed'}\n")
    if by_parameter and not paused:
        sys.stderr.write("quarantag: the stack's parameter Paused is true: deploy with Paused=false\n")
        return NO
    return GOOD


def _write(stack: "Deployed", *, paused: bool, reason: str) -> dict[str, Any]:
    """Put the whole item, so that nothing of an older one stays; answers it."""
    from quarantag.aws import faults  # noqa: PLC0415
    from quarantag.aws.table import Table  # noqa: PLC0415
    from quarantag.aws.wiring import SystemClock  # noqa: PLC0415
    from quarantag.switch import ITEM  # noqa: PLC0415

    if "Ledger" not in stack.outputs:
        raise Terminal("the stack is not Quarantag's, or not deployed yet: it has no output Ledger")
    clock = SystemClock()
    with faults.translated("ask who you are"):
        who = stack.session.client("sts").get_caller_identity()["Arn"]
    pk, sk = ITEM
    item = {"paused": paused, "by": who, "at": clock.now().isoformat(timespec="seconds"), "reason": reason}
    Table(stack.session.client("dynamodb"), stack.outputs["Ledger"], clock).put({"pk": pk, "sk": sk} | item)
    return item
