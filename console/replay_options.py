"""The options of `quarantag policy replay`, as they are typed."""

from pathlib import Path
from typing import Annotated

import typer

Paths = Annotated[
    list[Path] | None, typer.Argument(metavar="PATH…", help="Files or folders of findings: JSON, JSONL, gzip.")
]
PolicyFile = Annotated[Path, typer.Option("--policy", metavar="FILE", help="The severity policy, as YAML.")]
Against = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Another policy, such as today's: say what changes.")
]
Html = Annotated[Path | None, typer.Option(metavar="OUT", help="Write a report, one HTML file.")]
Tags = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Tags of instances, as JSON or YAML: {i-…: {Key: value}}.")
]
Released = Annotated[
    Path | None, typer.Option(metavar="FILE", help="When instances were released: {i-…: 2026-11-01T10:00:00Z}.")
]
Jobs = Annotated[int, typer.Option(min=0, help="Processes; 0 is one for each processor.")]
Live = Annotated[bool, typer.Option("--live", help="Findings of GuardDuty and tags of EC2, read now.")]
Since = Annotated[str, typer.Option(metavar="AGE", help="How far back --live reads, like 90d or 12h.")]
Region = Annotated[str | None, typer.Option(metavar="REGION", help="Of --live, as in the AWS CLI.")]
Profile = Annotated[str | None, typer.Option(metavar="NAME", help="Of --live, as in the AWS CLI.")]
ActOnSamples = Annotated[bool, typer.Option(help="Decide as a stack with ActOnSampleFindings=true would.")]
