"""What a person sees of the demo: a timeline while it plays, then the table of before and after."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from console.cloud.local import ON_MOTO, LocalCloud
from console.cloud.place import ACCESS_KEY, ACCOUNT, REGION, SECRET_KEY
from console.demo.stage import Expectation
from console.demo.world import CREATION_KEY, TAG_KEY, View, World
from quarantag.remains import next_step, said
from quarantag.survivors import Survivors


class Silence:
    """The audience of `--json`."""

    def scene(self, title: str) -> None:
        """Hear nothing."""

    def acted(self, at: float, text: str) -> None:
        """Hear nothing."""

    def changed(self, at: float, text: str) -> None:
        """Hear nothing."""

    def judged(self, at: float, expectation: Expectation) -> None:
        """Hear nothing."""


class Screen:
    """The audience at a terminal, or in a log."""

    def __init__(self, console: Console) -> None:
        """Write to `console`."""
        self.console = console

    def scene(self, title: str) -> None:
        """Print the scene's title."""
        self.console.print(f"\n[bold]{escape(title)}[/bold]")

    def acted(self, at: float, text: str) -> None:
        """Print who did what."""
        self._line(at, "cyan", "▶", text)

    def changed(self, at: float, text: str) -> None:
        """Print what changed in the cloud."""
        self._line(at, "yellow", "~", text)

    def judged(self, at: float, expectation: Expectation) -> None:
        """Print the verdict; what was seen is printed where it was not what was expected."""
        if expectation.ok:
            self._line(at, "green", "✓", expectation.name)
        else:
            self._line(at, "bold red", "✗", f"{expectation.name} (seen: {expectation.seen})")

    def _line(self, at: float, style: str, mark: str, text: str) -> None:
        """Print one line; a long one is cut, unless it tells what went wrong."""
        whole = style.startswith("bold")
        line = Text.assemble((f"{at:5.1f} s ", "dim"), (f"{mark} {text}", style))
        self.console.print(line, no_wrap=not whole, overflow="fold" if whole else "ellipsis")


def before_after(world: World, isolated: Mapping[str, View], views: Mapping[str, View]) -> Table:
    """One row for each interface: its groups before, while its instance was isolated, and now; and the status now."""
    names = group_names(world, [*isolated.values(), *views.values()])
    table = Table(title="Security groups before, while isolated, and now", box=None, pad_edge=False)
    table.caption = "isolation: the stack's own group in that VPC, without any rule"
    for column in ("Instance", "Status", "Interface", "Before", "Isolated", "Now"):
        table.add_column(column, overflow="fold")
    for name, actor in world.actors.items():
        cut, view = isolated.get(name), views[name]
        for index, interface in enumerate(actor.interfaces):
            now = view.groups.get(interface.id, ())
            style = "green" if now == interface.groups_before else "red"
            table.add_row(
                name if index == 0 else "",
                (view.status or "-") if index == 0 else "",
                interface.id,
                named(interface.groups_before, names),
                named(cut.groups.get(interface.id, ()), names) if cut else "-",
                Text(named(now, names), style),
            )
    return table


def field_by_field(portraits: Mapping[str, Mapping[str, str]]) -> Table:
    """One row for each field of the instance that is shown whole, one column for each moment.

    What is not as it was at first is red; what is the same at every moment has no colour.
    """
    table = Table(title="api-1: all that the containment changed, and the release gave back", box=None, pad_edge=False)
    table.caption = (
        "denial: the stack's policy; it denies all to sessions of the tag's instance.\n"
        "Judged here by reading it; by a policy simulator in tests/iam"
    )
    moments = list(portraits)
    for column in ("Field", *(moment.capitalize() for moment in moments)):
        table.add_column(column, overflow="fold", no_wrap=column == "Field")
    first = portraits[moments[0]]
    for name in dict.fromkeys(field for portrait in portraits.values() for field in portrait):
        values = [portrait.get(name, "-") for portrait in portraits.values()]
        changed = len(set(values)) > 1
        style = {True: "green", False: "red"} if changed else {True: "", False: ""}
        table.add_row(name, *(Text(value, style[value == first.get(name)]) for value in values))
    return table


def show_outliving(console: Console, survivors: Survivors | None, now: datetime) -> None:
    """Print each thing that the thief made, as the case lists it, and what ends it: in one line, to be copied."""
    console.print("[italic]api-1: made with its credentials before, and not ended by the isolation[/italic]")
    for one in survivors.found if survivors else ():
        console.print(Padding(Text(said(one)), (0, 0, 0, 2)))
        console.print(Text(f"    {next_step(one, ACCOUNT, now)}", "cyan"), soft_wrap=True)


def group_names(world: World, views: Sequence[View]) -> dict[str, str]:
    """Names of all groups of these views and of the beginning; a group of the stack's own is called `isolation`."""
    used = [one for view in views for groups in view.groups.values() for one in groups]
    used += [one for actor in world.actors.values() for each in actor.interfaces for one in each.groups_before]
    own = {"Key": CREATION_KEY, "Value": world.stack.name}
    found = world.groups(used).items()
    return {id_: "isolation" if own in group.get("Tags", []) else group["GroupName"] for id_, group in found}


def named(ids: Sequence[str], names: Mapping[str, str]) -> str:
    """The groups by name, in their order."""
    return ", ".join(names[one] for one in ids)


def verdict(expectations: Sequence[Expectation], seconds: float) -> str:
    """The last line: how many expectations held."""
    failed = [one for one in expectations if not one.ok]
    if failed:
        return f"[bold red]{len(failed)} of {len(expectations)} expectations failed[/bold red] in {seconds:.0f} s"
    return (
        f"[bold green]All {len(expectations)} expectations held[/bold green], read from the cloud, in {seconds:.0f} s"
    )


def how_to_go_on(cloud: LocalCloud, world: World) -> str:
    """How to talk to the cloud that is kept, and how to end it."""
    canary = world.actors["canary"].id
    return "\n".join(
        [
            "The local cloud keeps running. To talk to it:",
            f"  export AWS_ACCESS_KEY_ID={ACCESS_KEY} AWS_SECRET_ACCESS_KEY={SECRET_KEY}",
            f"  export AWS_DEFAULT_REGION={REGION} AWS_ENDPOINT_URL={cloud.aws_endpoint}",
            f"  export {' '.join(f'AWS_ENDPOINT_URL_{one}={cloud.ec2_endpoint}' for one in ON_MOTO.values())}",
            "To isolate canary by hand, and to see it:",
            f"  aws ec2 create-tags --resources {canary} --tags Key={TAG_KEY},Value=Isolate",
            f"  aws ec2 describe-instances --instance-ids {canary}",
            f"To read the ledger: aws dynamodb scan --table-name {world.stack.resources['ContainmentLedger']}",
            f"To end it: kill -- -{cloud.group}; rm -rf {cloud.directory}",
        ]
    )
