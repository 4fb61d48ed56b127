"""The `quarantag` command: what can be typed; each command's work is in a module of its own, imported when it runs."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from console import completing, operate, operate_failed, operate_switch, output, policy_commands
from console import replay_options as options

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, for scripts.")]
FindingFile = Annotated[
    str,
    typer.Argument(
        metavar="FINDING", help="A finding's JSON file; - reads it from stdin.", autocompletion=completing.findings
    ),
]
PolicyFile = Annotated[
    Path,
    typer.Option("--policy", metavar="FILE", help="The severity policy, as YAML.", autocompletion=completing.policies),
]

app = typer.Typer(no_args_is_help=True, help="Contains compromised EC2 instances.")
policy = typer.Typer(no_args_is_help=True, help="The policy workbench: write a policy, check it, explain a decision.")
failed = typer.Typer(no_args_is_help=True, help="The events that could not be handled: list, replay, drop.")
operate.register(app)
operate_switch.register(app)
operate_failed.register(failed)
app.add_typer(failed, name="failed")
app.add_typer(policy, name="policy")


@policy.command()
def check(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="YAML policies.", autocompletion=completing.policies)
    ],
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse what is only warned of, too: for CI.")] = False,
    json: Json = False,
) -> None:
    """Validate policy files, run their own tests, and warn of what is allowed and yet unwise.

    One line for each problem: file, line, column, what is wrong and what to write instead.

    Exit code: 0 all are good (warnings change nothing, unless --strict); 1 one is refused; 2 one can't be read.
    """
    from console import policy_check  # noqa: PLC0415 (lazy: `--help` stays fast)

    raise typer.Exit(policy_check.check(files, as_json=json, strict=strict))


@policy.command()
def explain(  # noqa: PLR0913 (each is an option that can be typed)
    finding: FindingFile,
    policy_file: PolicyFile,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="A live tag of the instance; may be repeated.")
    ] = None,
    *,
    act_on_samples: Annotated[
        bool, typer.Option(help="Decide as a stack with ActOnSampleFindings=true would.")
    ] = False,
    at: Annotated[
        str | None,
        typer.Option(metavar="ACCOUNT/REGION", help="Decide as the stack there would; else, as the instance's own."),
    ] = None,
    json: Json = False,
) -> None:
    """Say what a policy decides about a finding, and why: each rule and matcher, then the guardrails. No AWS is asked.

    Exit code: 0 answered; 2 the finding or the policy can't be used.
    """
    from console import policy_explain  # noqa: PLC0415

    question = policy_explain.Question(finding, policy_file, tuple(tag or ()), act_on_samples, at)
    raise typer.Exit(policy_explain.explain(question, as_json=json))


@policy.command()
def replay(  # noqa: PLR0913 (each is an option that can be typed)
    paths: options.Paths = None,
    *,
    policy_file: options.PolicyFile,
    against: options.Against = None,
    html: options.Html = None,
    tags: options.Tags = None,
    released: options.Released = None,
    jobs: options.Jobs = 0,
    live: options.Live = False,
    since: options.Since = "90d",
    region: options.Region = None,
    profile: options.Profile = None,
    act_on_samples: options.ActOnSamples = False,
    json: Json = False,
) -> None:
    """Say what a policy would have done to findings of the past, limits included: docs/policies.md."""
    given = {name: value for name, value in locals().items() if name not in {"paths", "policy_file", "json"}}
    from console import replay as workbench  # noqa: PLC0415

    request = workbench.Request(tuple(paths or ()), policy_file, **given)
    raise typer.Exit(workbench.replay(request, as_json=json))


policy_commands.register(policy)


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
    output.guard()
    try:
        code = typer.main.get_command(app).main(standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code)
    except output.Unwritable as error:
        sys.stderr.write(f"quarantag: {error}\n")
        sys.exit(2)
    except TyperException as error:
        message = " ".join(error.format_message().split())
        if message:
            sys.stderr.write(f"quarantag: {message} See --help.\n")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
