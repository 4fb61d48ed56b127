"""`quarantag failed list | replay | drop`: the events that could not be handled, and what to do about them."""

import json
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.failed_events import FailedEvent
from console.operate_options import Json, Yes, at_a_stack
from console.screen_words import printable

if TYPE_CHECKING:
    from console.operate_failed_aws import Queue

GOOD, NO = 0, 1
Ids = Annotated[
    list[str] | None, typer.Argument(metavar="[ID…]", help="Messages, as `failed list` names them; all without.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the group."""
    app.command("list")(at_a_stack(list_failed))
    app.command()(at_a_stack(replay))
    app.command()(at_a_stack(drop))


def list_failed(place: Any, *, json: Json = False) -> int:  # noqa: ANN401 - see operate_options._place
    """List the events that could not be handled, with the reason. Changes nothing: each stays in the queue.

    Exit code: 0 whatever is listed; 2 AWS can't be asked.
    """
    from console.operate_failed_aws import queue_of  # noqa: PLC0415 (lazy: `--help` stays fast)

    queue = queue_of(place)
    try:
        events = queue.take()
    finally:
        queue.give_back()
    if json:
        _print(events, ())
    else:
        for event in events:
            _say(f"{event.id}  {event.name or 'unknown'}: {event.about}")
            _say(f"    {event.problem or event.reason}")
        _say(f"{len(events)} failed events")
    return GOOD


def replay(place: Any, ids: Ids = None, *, yes: Yes = False, json: Json = False) -> int:  # noqa: ANN401
    """Give failed events to their functions again. Each leaves the queue once Lambda has accepted it.

    A function does what the instance's tag says now, so an old event does no harm. What is no event of this stack's
    functions stays.

    Exit code: 0 all were accepted; 1 some were not, or nobody agreed; 2 AWS can't be asked.
    """

    def again(queue: "Queue", event: FailedEvent) -> None:
        queue.replay(event, _payload(event.event))

    def possible(event: FailedEvent) -> bool:
        return not event.problem

    return _each(place, ids, again, possible, "Replay", ask=_asking(yes=yes), as_json=json)


def drop(place: Any, ids: Ids = None, *, yes: Yes = False, json: Json = False) -> int:  # noqa: ANN401
    """Delete failed events without doing what they asked for; the sweep still does what tags and GuardDuty say.

    Exit code: 0 all are deleted; 1 some are not there, or nobody agreed; 2 AWS can't be asked.
    """
    return _each(
        place, ids, lambda queue, event: queue.drop(event), lambda _: True, "Drop", ask=_asking(yes=yes), as_json=json
    )


def _each(  # noqa: PLR0913 - what differs between the two
    place: Any,  # noqa: ANN401
    ids: Sequence[str] | None,
    act: Callable[["Queue", FailedEvent], None],
    possible: Callable[[FailedEvent], bool],
    verb: str,
    *,
    ask: Callable[[str], bool],
    as_json: bool,
) -> int:
    from console.operate_failed_aws import queue_of  # noqa: PLC0415

    queue = queue_of(place)
    done: list[str] = []
    try:
        events = [event for event in queue.take() if not ids or event.id in ids]
        chosen = [event for event in events if possible(event)]
        question = "\n".join([*(f"{one.name}: {one.about}" for one in chosen), f"{verb} {len(chosen)} events?"])
        if chosen and ask(question):
            for event in chosen:
                act(queue, event)
                done.append(event.id)
    finally:
        queue.give_back()
    return _told(events, done, frozenset(ids or ()), as_json=as_json)


def _told(events: Sequence[FailedEvent], done: Sequence[str], ids: frozenset[str], *, as_json: bool) -> int:
    missing = sorted(ids - {event.id for event in events})
    if as_json:
        _print(events, done)
    else:
        for event in events:
            _say(f"{event.id}: {'done' if event.id in done else event.problem or 'left in the queue'}")
        _say(f"{len(done)} of {len(events)} done" + (f"; not there: {', '.join(missing)}" if missing else ""))
    return GOOD if len(done) == len(events) and not missing else NO


def _asking(*, yes: bool) -> Callable[[str], bool]:
    from console.operate import confirm  # noqa: PLC0415 - it registers these commands

    return (lambda _question: True) if yes else confirm


def _payload(event: Any) -> str:  # noqa: ANN401 - any JSON
    return json.dumps(event)


def _print(events: Sequence[FailedEvent], done: Sequence[str]) -> None:
    document = [
        {
            "id": event.id,
            "function": event.function,
            "about": event.about,
            "reason": event.reason,
            "problem": event.problem or None,
            "done": event.id in done,
            "event": event.event,
        }
        for event in events
    ]
    sys.stdout.write(json.dumps({"events": document}) + "\n")


def _say(line: str) -> None:
    """Print text that others wrote parts of."""
    sys.stdout.write(printable(line) + "\n")
