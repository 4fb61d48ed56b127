"""An explanation for people: each rule in order, each matcher with what it wanted and what it saw."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from console.guardrails import Guardrail
from console.screen_words import printable, seen
from quarantag.decision import Decision, Explanation
from quarantag.finding import Finding
from quarantag.matching import Check
from quarantag.policy import Policy

STYLES = {"isolate": "bold red", "review": "bold yellow", "hold": "bold magenta", "ignore": "dim"}

APPLIES = {True: Text("yes", style=STYLES["hold"]), False: Text("no", style="dim"), None: Text("not known")}


def show(finding: Finding, policy: Policy, answers: Sequence[tuple[Explanation, tuple[Guardrail, ...]]]) -> None:
    """Print the finding, then for each decision the rules that led to it, and the guardrails around it."""
    console = Console(highlight=False)
    role = f", role {finding.resource_role}" if finding.resource_role else ""
    console.print(Text(printable(f"{finding.type}, severity {finding.severity:g}{role}"), style="bold"))
    console.print(Text(printable(f"finding {finding.id}, policy {policy.hash[:12]}")))
    for answer, around in answers:
        console.print()
        console.print(_verdict(answer.decision))
        console.print(_rules(policy, answer))
        if around:
            console.print(_guardrails(around))


def _verdict(decision: Decision) -> Text:
    subject = decision.instance_id or ("no instance" if decision.action == "ignore" else "an unresolved instance")
    line = Text()
    line.append(decision.action, style=STYLES[decision.action])
    line.append(printable(f"  {subject} in {decision.account} {decision.region}: {decision.reason}"))
    return line


def _rules(policy: Policy, answer: Explanation) -> Table:
    table = _table("rule and its matchers", "wanted", "saw", "held")
    for attempt in answer.attempts:
        rule = attempt.rule
        table.add_row(Text(rule.id, style="bold"), Text(f"then {rule.action}", style=STYLES[rule.action]), "")
        for check in attempt.checks:
            table.add_row(*_row(check))
    for rule in policy.rules[len(answer.attempts) :]:
        table.add_row(Text(rule.id, style="dim"), Text(f"then {rule.action}: not reached", style="dim"))
    return table


def _guardrails(around: Sequence[Guardrail]) -> Table:
    table = _table("guardrail", "asks for", "saw", "applies")
    for one in around:
        mark = APPLIES[one.applies]
        table.add_row(*(Text(printable(text)) for text in (one.guardrail, one.asks, one.saw)), mark)
    return table


def _table(*columns: str) -> Table:
    """A table whose first and last column are kept whole."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(column, no_wrap=column in (columns[0], columns[-1]), overflow="fold")
    return table


def _row(check: Check) -> tuple[Text, Text, Text, Text]:
    mark = Text("yes", style="green") if check.held else Text("no", style="red")
    return Text(f"  {check.matcher}"), Text(printable(str(check.wanted))), Text(printable(seen(check.saw))), mark
