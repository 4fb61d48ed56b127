"""The options of the operator's commands; those that say which stack is meant are the same for all."""

import inspect
import re
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer

_PANEL = "Which stack"
_INSTANCE_ID = re.compile(r"i-(?:[0-9a-f]{8}|[0-9a-f]{17})")


def instance_id(text: str) -> str:
    """Refuse what is no instance id, before AWS is asked."""
    if not _INSTANCE_ID.fullmatch(text):
        raise typer.BadParameter(f"{text!r} is not an instance id, like i-0123456789abcdef0.")
    return text


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, for scripts.")]
InstanceId = Annotated[
    str, typer.Argument(metavar="INSTANCE", help="Its id, like i-0123456789abcdef0.", callback=instance_id)
]
Reason = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Why, for the reason tag; written in the same call.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Wait = Annotated[bool, typer.Option(help="Wait for the status tag.")]
Timeout = Annotated[float, typer.Option(metavar="SECONDS", min=0, help="How long to wait.")]

_Text = str | None
_TAG_KEY = "The control tag's key. With it or --ledger CloudFormation is not asked; what is not given is the default."
_FORENSIC_ACCESS = "The stack's ForensicAccessSource, where CloudFormation is not asked."


def _place(  # noqa: PLR0913, PLR0917 - Typer reads an option from each
    stack: Annotated[
        str, typer.Option(envvar="QUARANTAG_STACK", metavar="NAME", help="Its name.", rich_help_panel=_PANEL)
    ] = "quarantag",
    region: Annotated[_Text, typer.Option(metavar="REGION", help="As in the AWS CLI.", rich_help_panel=_PANEL)] = None,
    profile: Annotated[_Text, typer.Option(metavar="NAME", help="As in the AWS CLI.", rich_help_panel=_PANEL)] = None,
    tag_key: Annotated[_Text, typer.Option(metavar="KEY", help=_TAG_KEY, rich_help_panel=_PANEL)] = None,
    ledger: Annotated[_Text, typer.Option(metavar="TABLE", help="The ledger's table.", rich_help_panel=_PANEL)] = None,
    forensic_access_source: Annotated[
        _Text, typer.Option(metavar="SOURCE", help=_FORENSIC_ACCESS, rich_help_panel=_PANEL)
    ] = None,
    forensic_access_port: Annotated[
        int, typer.Option(metavar="PORT", help="The stack's ForensicAccessPort, likewise.", rich_help_panel=_PANEL)
    ] = 22,
) -> Any:  # noqa: ANN401 - a `Place`, whose module is imported when a command runs
    from console.operate_aws import Place  # noqa: PLC0415 (lazy: `--help` stays fast)

    return Place(stack, region, profile, tag_key, ledger, forensic_access_source, forensic_access_port)


def at_a_stack(command: Callable[..., int]) -> Callable[..., None]:
    """Give a command whose first parameter is a `Place` the options that say it, and make its answer the exit code.

    What AWS refuses, or can't be reached for, is one line on stderr and exit code 2. Typer reads the signature.
    """
    own = list(inspect.signature(command).parameters.values())[1:]
    told = inspect.signature(_place).parameters

    @wraps(command)
    def typed(**given: Any) -> None:  # noqa: ANN401 - what Typer parsed
        place = _place(**{name: given.pop(name) for name in told})
        raise typer.Exit(_code(lambda: command(place, **given)))

    common = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in told.values()]
    typed.__signature__ = inspect.Signature([*own, *common])  # type: ignore[attr-defined]
    hints = get_type_hints(command, include_extras=True) | get_type_hints(_place, include_extras=True)
    typed.__annotations__ = {one.name: hints[one.name] for one in (*own, *common)}
    return typed


def _code(command: Callable[[], int]) -> int:
    from console.operate_screen import say  # noqa: PLC0415
    from quarantag.errors import QuarantagError  # noqa: PLC0415

    try:
        return command()
    except QuarantagError as error:
        say("quarantag: " + " ".join(str(error).split()))
        return 2
