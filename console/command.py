"""The `quarantag` command: what can be typed; each command's work is in a module of its own, imported when it runs."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from console import operate

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, for scripts.")]

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Contains compromised EC2 instances.")
policy = typer.Typer(no_args_is_help=True, help="The policy workbench: check a policy, explain a decision.")
operate.register(app)
app.add_typer(policy, name="policy")


@policy.command()
def check(files: Annotated[list[Path], typer.Argument(metavar="FILE…")], *, json: Json = False) -> None:
    """Validate policy files and run their own tests: 0 all are good, 1 one is refused, 2 one can't be read.

    Warnings go to stderr, and change nothing.
    """
    from console import policy_check  # noqa: PLC0415 (lazy: `--help` stays fast)

    raise typer.Exit(policy_check.check(files, as_json=json))


@policy.command()
def explain(
    finding: Annotated[str, typer.Argument(metavar="FINDING", help="A finding's JSON file; - reads it from stdin.")],
    policy_file: Annotated[Path, typer.Option("--policy", metavar="FILE", help="The severity policy, as YAML.")],
    tag: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="A live tag of the instance; may be repeated.")
    ] = None,
    *,
    act_on_samples: Annotated[
        bool, typer.Option(help="Decide as a stack with ActOnSampleFindings=true would.")
    ] = False,
    json: Json = False,
) -> None:
    """Say what a policy decides about a finding, and why: rule by rule, matcher by matcher. No AWS is asked."""
    from console import policy_explain  # noqa: PLC0415

    question = policy_explain.Question(finding, policy_file, tuple(tag or ()), act_on_samples)
    raise typer.Exit(policy_explain.explain(question, as_json=json))


@policy.command()
def replay(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH…", help="Files or folders of findings: JSON, JSONL, gzip.")
    ] = None,
    *,
    policy_file: Annotated[Path, typer.Option("--policy", metavar="FILE", help="The severity policy, as YAML.")],
    against: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Another policy, such as today's: say what changes.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="OUT", help="Write a report, one HTML file.")] = None,
    tags: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Tags of instances, as JSON or YAML: {i-…: {Key: value}}.")
    ] = None,
    released: Annotated[
        Path | None, typer.Option(metavar="FILE", help="When instances were released: {i-…: 2026-11-01T10:00:00Z}.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 is one for each processor.")] = 0,
    live: Annotated[bool, typer.Option("--live", help="Findings of GuardDuty and tags of EC2, read now.")] = False,
    since: Annotated[str, typer.Option(metavar="AGE", help="How far back --live reads, like 90d or 12h.")] = "90d",
    region: Annotated[str | None, typer.Option(metavar="REGION", help="Of --live, as in the AWS CLI.")] = None,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="Of --live, as in the AWS CLI.")] = None,
    act_on_samples: Annotated[
        bool, typer.Option(help="Decide as a stack with ActOnSampleFindings=true would.")
    ] = False,
    json: Json = False,
) -> None:
    """Say what a policy would have done to findings of the past, limits included; see docs/policies.md."""
    given = dict(locals())
    from console import replay as workbench  # noqa: PLC0415

    given |= {"paths": tuple(paths or ()), "policy": given.pop("policy_file")}
    as_json = given.pop("json")
    raise typer.Exit(workbench.replay(workbench.Request(**given), as_json=as_json))


@app.command()
def demo(
    *,
    json: Json = False,
    keep: Annotated[bool, typer.Option(help="Leave the local cloud running, and say how to talk to it.")] = False,
) -> None:
    """Play the whole thing on this machine: findings in, instances isolated; no AWS account, no Docker."""
    from console.demo import demo as play  # noqa: PLC0415

    raise typer.Exit(play(json, keep))


def main() -> None:
    """Entry point of the `quarantag` script. Bad usage gets one line on stderr and exit code 2."""
    try:
        sys.exit(typer.main.get_command(app).main(standalone_mode=False))
    except TyperException as error:
        message = " ".join(error.format_message().split())
        if message:
            sys.stderr.write(f"quarantag: {message} See --help.\n")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
