"""`quarantag show` for people: the verdict, then the live instance beside what its case recorded."""

from collections.abc import Iterable
from datetime import UTC, datetime

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from console.operate_look import Sight
from console.operate_screen import NOTHING, STYLES, plain, table_of, times
from console.screen_words import printable
from quarantag.case import Case
from quarantag.remains import next_step, said
from quarantag.survivors import Survivors


def show_one(sight: Sight) -> None:
    """Print the verdict, then the live instance beside what its case recorded."""
    console = Console(highlight=False)
    console.print(_verdict(sight))
    for reason in sight.why_not_contained() if sight.should_be_contained else ():
        console.print(Text(printable(f"  {reason}"), style="red"))
    for line in sight.tag_disagreements():
        console.print(Text(printable(f"  {line}"), style="bold red"))
    console.print(_facts(sight))
    if sight.observation or sight.case:
        console.print(_beside(sight))
    if sight.case and sight.case.survivors:
        _show_survivors(console, sight.case.survivors, sight.settings.account)


def _show_survivors(console: Console, survivors: Survivors, account: str) -> None:
    """What outlives the denial of its sessions, each with the command that ends it: in one line, to be copied."""
    seen = f"as CloudTrail showed it {survivors.looked_at:%Y-%m-%d %H:%MZ}"
    style = "bold red" if survivors.found or survivors.problems else "dim"
    console.print(Text(f"made by its sessions, and not ended: {len(survivors.found) or 'nothing'}, {seen}", style))
    for one in survivors.found:
        console.print(Padding(plain(said(one)), (0, 0, 0, 2)))
        step = next_step(one, account, datetime.now(UTC))
        if step:
            console.print(Text("    ").append_text(plain(step, "cyan")), soft_wrap=True)
    for problem in (*survivors.problems, *survivors.unread):
        console.print(Padding(plain(problem, "red"), (0, 0, 0, 2)))


def _verdict(sight: Sight) -> Text:
    if sight.instance is None:
        return Text(f"{sight.id}: EC2 does not know it (any more)", style="bold")
    if not sight.there:
        return Text(f"{sight.id}: {sight.instance.state}, nothing is left to contain", style="bold")
    if sight.contained:
        return Text(f"{sight.id}: contained", style="bold green")
    style = "bold red" if sight.should_be_contained else "bold"
    asked = "" if sight.should_be_contained else ", and nothing asks for it"
    return Text(f"{sight.id}: not contained{asked}", style=style)


def _facts(sight: Sight) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    key = sight.settings.tag_key
    if sight.instance:
        table.add_row("name, state", plain(f"{sight.tag('Name') or 'no name'}, {sight.instance.state}"))
        for name in sorted(sight.instance.tags):
            if name.casefold().startswith(key.casefold()):
                table.add_row(plain(name), plain(sight.instance.tags[name], _tag_style(sight, name)))
    if sight.case:
        table.add_row("case", plain(sight.case.status, STYLES[sight.case.status]))
        table.add_row("", plain(times(sight.case)))
        if sight.case.reason != sight.reason:
            table.add_row("", plain(sight.case.reason))
    elif sight.instance:
        table.add_row("case", "none")
    for one in sight.snapshots:
        of = one.tags.get("QuarantagCopyOf") or one.tags.get("QuarantagDevice") or "a volume"
        table.add_row("evidence", plain(f"{one.id} of {of}: {one.state}", "red" if one.state == "error" else ""))
    return table


def _tag_style(sight: Sight, name: str) -> str:
    status = (sight.status_tag or "").partition(":")[0]
    return STYLES.get(status, "") if name == sight.settings.status_key else ""


def _beside(sight: Sight) -> Table:
    """The live groups and profile, beside those that the case recorded."""
    recorded = {one.id: one.groups for one in sight.case.before.interfaces} if sight.case else {}
    live = {one.id: one for one in sight.observation.interfaces} if sight.observation else {}
    table = table_of()
    table.add_column("interface", no_wrap=True)
    table.add_column("now", overflow="fold")
    table.add_column("before, in the case", overflow="fold")
    for interface_id in [*live, *(one for one in recorded if one not in live)]:
        before = _lines(recorded[interface_id]) if interface_id in recorded else Text(NOTHING)
        table.add_row(interface_id, _now(sight, interface_id), before)
    if sight.observation:
        now = [one.profile_arn for one in sight.observation.associations if one.active]
        table.add_row("profile", _profile(sight, next(iter(now), None)), plain(_recorded_profile(sight.case)))
    return table


def _now(sight: Sight, interface_id: str) -> RenderableType:
    found = [one for one in (sight.observation.interfaces if sight.observation else ()) if one.id == interface_id]
    if not found:
        return Text("not attached", style="dim")
    if found[0].requester_managed:
        return Group(_lines(found[0].groups), Text("an AWS service's own", style="dim"))
    if found[0].groups == (sight.isolation_group(found[0].vpc_id),):
        return Group(_lines(found[0].groups), Text("isolation group", style="green"))
    return _lines(found[0].groups, "red" if sight.should_be_contained else "")


def _profile(sight: Sight, arn: str | None) -> Text:
    return plain(_profile_name(arn), "green" if arn == sight.settings.isolation_profile_arn else "")


def _recorded_profile(case: Case | None) -> str:
    return (_profile_name(case.before.profile.arn) if case.before.profile else "none") if case else NOTHING


def _profile_name(arn: str | None) -> str:
    return arn.rpartition("/")[2] if arn else "none"


def _lines(texts: Iterable[str], style: str = "") -> Text:
    return Text("\n".join(texts) or "none", style=style)
