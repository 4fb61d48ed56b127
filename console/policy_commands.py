"""The policy workbench's commands beside check, explain and replay, as typed: new, schema, catalogue."""

from pathlib import Path
from typing import Annotated

import typer

from console.operate_options import Json

_REFRESH = "Bring it up to date"
Refresh = Annotated[bool, typer.Option("--refresh", help="From AWS's page of finding types.", rich_help_panel=_REFRESH)]
Saved = Annotated[
    str | None,
    typer.Option("--from", metavar="PAGE", help="From a saved copy of it; - is stdin.", rich_help_panel=_REFRESH),
]
Live = Annotated[
    bool, typer.Option("--live", help="Add the types that GuardDuty reported here.", rich_help_panel=_REFRESH)
]
Region = Annotated[
    str | None, typer.Option(metavar="REGION", help="Of --live, as in the AWS CLI.", rich_help_panel=_REFRESH)
]
Profile = Annotated[
    str | None, typer.Option(metavar="NAME", help="Of --live, as in the AWS CLI.", rich_help_panel=_REFRESH)
]


def register(policy: typer.Typer) -> None:
    """Add these commands to the workbench."""
    for command in (new, schema, catalogue):
        policy.command()(command)


def new(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="A new file; else it is printed.")] = None,
) -> None:
    """Write a commented policy to start from; it passes `policy check` as it is. No file is overwritten.

    Exit code: 0 written; 2 the file is there already, or can't be written.
    """
    from console import policy_new  # noqa: PLC0415 (lazy: `--help` stays fast)

    raise typer.Exit(policy_new.new(file))


def schema() -> None:
    """Print the JSON Schema of policy files, with which editors complete and check a policy while it is typed."""
    from console import policy_new  # noqa: PLC0415

    raise typer.Exit(policy_new.schema())


def catalogue(  # noqa: PLR0913 (each is an option that can be typed)
    *,
    refresh: Refresh = False,
    saved: Saved = None,
    live: Live = False,
    region: Region = None,
    profile: Profile = None,
    json: Json = False,
) -> None:
    """List the finding types that `policy check` knows, with their severity, source and date; or refresh them.

    A refresh rewrites console/finding_types.json of this checkout and says what came (+) and went (-).

    Exit code: 0 done; 2 the source can't be read, or is not AWS's list.
    """
    from console import policy_catalogue  # noqa: PLC0415

    if not (refresh or saved or live):
        raise typer.Exit(policy_catalogue.show(as_json=json))
    seen = None
    if live:
        from console import catalogue_aws  # noqa: PLC0415

        seen = catalogue_aws.account(region, profile)
    raise typer.Exit(policy_catalogue.refresh(policy_catalogue.Refresh(refresh, saved, seen)))
