"""An explanation for people: each rule in order, each matcher with what it wanted and what it saw."""

from collections.abc import Mapping

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from quarantag.decision import Decision, Explanation
from quarantag.finding import Finding
from quarantag.matching import Check
from quarantag.policy import Policy

STYLES = {"isolate": "bold red", "review": "bold yellow", "hold": "bold magenta", "ignore": "dim"}


def show(finding: Finding, policy: Policy, answers: tuple[Explanation, ...]) -> None:
    """Print the finding, then for each decision the rules that led to it."""
    console = Console(highlight=False)
    role = f", role {finding.resource_role}" if finding.resource_role else ""
    console.print(Text(printable(f"{finding.type}, severity {finding.severity:g}{role}"), style="bold"))
    console.print(Text(printable(f"finding {finding.id}, policy {policy.hash[:12]}")))
    for answer in answers:
        console.print()
        console.print(_verdict(answer.decision))
        console.print(_table(policy, answer))


def _verdict(decision: Decision) -> Text:
    subject = decision.instance_id or ("no instance" if decision.action == "ignore" else "an unresolved instance")
    line = Text()
    line.append(decision.action, style=STYLES[decision.action])
    line.append(printable(f"  {subject} in {decision.account} {decision.region}: {decision.reason}"))
    return line


def _table(policy: Policy, answer: Explanation) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("rule and its matchers", no_wrap=True)
    table.add_column("wanted", overflow="fold")
    table.add_column("saw", overflow="fold")
    table.add_column("held", no_wrap=True)
    for attempt in answer.attempts:
        rule = attempt.rule
        table.add_row(Text(rule.id, style="bold"), Text(f"then {rule.action}", style=STYLES[rule.action]), "")
        for check in attempt.checks:
            table.add_row(*_row(check))
    for rule in policy.rules[len(answer.attempts) :]:
        table.add_row(Text(rule.id, style="dim"), Text(f"then {rule.action}: not reached", style="dim"))
    return table


def _row(check: Check) -> tuple[Text, Text, Text, Text]:
    mark = Text("yes", style="green") if check.held else Text("no", style="red")
    return Text(f"  {check.matcher}"), Text(printable(str(check.wanted))), Text(printable(seen(check.saw))), mark


def seen(value: object) -> str:
    """What a matcher saw, as people write it."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={tag}" for key, tag in value.items()) or "no tags"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else "nothing" if value is None else str(value)


def printable(text: str) -> str:
    """The text without anything that a terminal would obey: findings are written by others."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
