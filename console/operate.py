"""The operator's commands, as typed: list, show, isolate, review, release, history. Their work is in `operate_*`."""

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import typer

from console.operate_options import InstanceId, Json, Reason, Timeout, Wait, Yes, at_a_stack

if TYPE_CHECKING:
    from console.operate_tag import Wish
    from quarantag.ports import Clock

GOOD, NO = 0, 1

_HELP = {
    "isolate": """Isolate an instance: write the control tag, then wait until it is verified as isolated.

    Every network interface is cut off and the instance profile is swapped; `quarantag release` gives both back.

    Exit code: 0 isolated; 1 not (Failed, Held, not in time, not confirmed); 2 AWS can't be asked, or refuses.
    """,
    "review": """Mark an instance for a human to look at: write the control tag, and nothing else happens.

    It never releases: an instance with an open case stays isolated.

    Exit code: 0 written; 1 not confirmed; 2 AWS can't be asked, or refuses.
    """,
    "release": """Release an instance: write the control tag, then wait until all that its case recorded is given back.

    Who may is the stack's ReleasePrincipals. Where that is not *, CloudTrail must show first who wrote the tag, which
    takes up to 15 minutes: give --timeout 1200, or --no-wait and look later.

    Exit code: 0 released; 1 not (Failed, Held, not in time, no open case); 2 AWS can't be asked, or refuses.
    """,
}


def register(app: typer.Typer) -> None:
    """Add the operator's commands to the app."""
    app.command("list")(at_a_stack(list_open))
    app.command()(at_a_stack(show))
    for verb, text in _HELP.items():
        app.command(verb, help=text)(at_a_stack(_tagging(verb)))
    app.command()(at_a_stack(history))


def list_open(place: Any, *, json: Json = False) -> int:  # noqa: ANN401 - see operate_options._place
    """List what needs attention: every open case, every instance tagged to isolate or review; and what disagrees.

    Says first of all where the stack is paused: then nothing is isolated or released.

    Changes nothing. Exit code: 0 whatever is listed; 2 AWS can't be asked.
    """
    from console import operate_json, operate_screen  # noqa: PLC0415
    from console.operate_aws import desk  # noqa: PLC0415
    from console.operate_look import look_at_all  # noqa: PLC0415

    at = desk(place)
    sights, paused = look_at_all(at), at.switch.paused()
    if json:
        _print(operate_json.listed(at.settings, sights, paused))
    else:
        operate_screen.show_list(at.settings, sights, paused)
    return GOOD


def show(place: Any, instance: InstanceId, *, json: Json = False) -> int:  # noqa: ANN401
    """Show one instance: is it contained? Its live interfaces, profile and tags, beside what its case recorded.

    Changes nothing. Exit code: 0 it is as asked; 1 it should be contained and is not, or nothing is known of it;
    2 AWS can't be asked.
    """
    from console import operate_beside, operate_json  # noqa: PLC0415
    from console.operate_aws import desk  # noqa: PLC0415
    from console.operate_look import look_at  # noqa: PLC0415

    sight = look_at(desk(place), instance)
    if json:
        _print(operate_json.shown(sight))
    else:
        operate_beside.show_one(sight)
    unknown = sight.instance is None and sight.case is None
    return NO if unknown or (sight.there and sight.should_be_contained and not sight.contained) else GOOD


def history(place: Any, instance: InstanceId, *, json: Json = False) -> int:  # noqa: ANN401
    """Print every case and audit entry of an instance as a timeline: when, what, who or what asked, the result.

    Changes nothing. Exit code: 0 printed; 1 nothing is recorded; 2 AWS can't be asked.
    """
    from console import operate_history, operate_json, operate_screen  # noqa: PLC0415
    from console.operate_aws import desk  # noqa: PLC0415

    found = operate_history.history(desk(place).book, instance)
    empty = not found.entries and not found.cases
    if json:
        _print(operate_json.told(found))
    elif empty:
        operate_screen.say(f"nothing is recorded about {instance}")
    else:
        operate_screen.show_history(found)
    return NO if empty else GOOD


def _tagging(verb: str) -> Callable[..., int]:
    def command(  # noqa: PLR0913 - what can be typed
        place: Any,  # noqa: ANN401
        instance: InstanceId,
        *,
        reason: Reason = None,
        yes: Yes = False,
        wait: Wait = True,
        timeout: Timeout = 120.0,
        json: Json = False,
    ) -> int:
        from console.operate_tag import VERBS, Wish  # noqa: PLC0415

        wish = Wish(VERBS[verb], instance, reason, timeout if wait else 0.0)
        return tag(place, wish, ask=_agree if yes else confirm, as_json=json)

    return command


def tag(
    place: Any,  # noqa: ANN401
    wish: "Wish",
    *,
    ask: Callable[[str], bool],
    as_json: bool,
    clock: "Clock | None" = None,
) -> int:
    """Write the tag and wait; answers the exit code. Raises `Retryable` or `Terminal` where AWS does not."""
    from console import operate_json, operate_screen, operate_tag  # noqa: PLC0415
    from console.operate_aws import desk  # noqa: PLC0415

    try:
        with operate_screen.progress(quiet=as_json) as progress:
            end = operate_tag.carry_out(desk(place, clock), wish, ask, progress)
    except operate_tag.Declined as declined:
        operate_screen.say(f"quarantag: {declined}")
        return NO
    if as_json:
        _print(operate_json.ended(end))
    else:
        operate_screen.show_end(end)
    return GOOD if end.good else NO


def _agree(question: str) -> bool:
    """`--yes`: nobody is asked."""
    return bool(question)


def confirm(question: str) -> bool:
    """Ask at the terminal. Raises `BadParameter` where there is none: silence is no consent."""
    from console.operate_screen import say  # noqa: PLC0415

    if not sys.stdin.isatty():
        raise typer.BadParameter("Nobody can be asked here, stdin is no terminal: give --yes to act unasked.")
    text, _, last = question.rpartition("\n")
    say(text)
    return typer.confirm(last, err=True)


def _print(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
