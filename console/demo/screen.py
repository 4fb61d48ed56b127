"""What a person sees of the demo: a timeline while it plays, then the table of before and after."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from console.cloud.local import LocalCloud
from console.cloud.place import ACCESS_KEY, REGION, SECRET_KEY
from console.demo.stage import Expectation
from console.demo.world import TAG_KEY, View, World


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


def before_after(world: World, views: Mapping[str, View]) -> Table:
    """One row for each interface: its groups before and after, by name, and its instance's status."""
    table = Table(title="Security groups before and after", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for column in ("Instance", "Status", "Interface", "Before", "After"):
        table.add_column(column, overflow="fold")
    used = [one for view in views.values() for groups in view.groups.values() for one in groups]
    used += [
        one for actor in world.actors.values() for interface in actor.interfaces for one in interface.groups_before
    ]
    names = {id_: group["GroupName"] for id_, group in world.groups(used).items()}
    for name, actor in world.actors.items():
        view = views[name]
        for index, interface in enumerate(actor.interfaces):
            after = view.groups.get(interface.id, ())
            style = "green" if after == interface.groups_before else "red"
            table.add_row(
                name if index == 0 else "",
                (view.status or "-") if index == 0 else "",
                interface.id,
                ", ".join(names[one] for one in interface.groups_before),
                f"[{style}]{', '.join(names[one] for one in after)}[/{style}]",
            )
    return table


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
            f"  export AWS_ENDPOINT_URL_EC2={cloud.ec2_endpoint}",
            "To isolate canary by hand, and to see it:",
            f"  aws ec2 create-tags --resources {canary} --tags Key={TAG_KEY},Value=Isolate",
            f"  aws ec2 describe-instances --instance-ids {canary}",
            f"To read the ledger: aws dynamodb scan --table-name {world.stack.resources['ContainmentLedger']}",
            f"To end it: kill -- -{cloud.group}; rm -rf {cloud.directory}",
        ]
    )
