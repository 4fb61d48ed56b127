"""Whether the stack's own EventBridge rules still work: nobody disabled, deleted or emptied them."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from quarantag.aws import faults

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient

_GONE = "ResourceNotFoundException"


class EventBridgeRules:
    """The rules of the default bus; `client` is made on first use, by the sweep."""

    def __init__(self, client: "Callable[[], EventBridgeClient]") -> None:
        self._client = client

    def broken(self, names: Iterable[str]) -> tuple[str, ...]:
        """Say of each of these rules that does not work what is wrong (`DescribeRule`, `ListTargetsByRule`)."""
        return tuple(f"{name}: {problem}" for name in names if (problem := self._problem(name)))

    def _problem(self, name: str) -> str:
        with faults.translated(f"read the rule {name}"):
            try:
                state = self._client().describe_rule(Name=name).get("State")
                targets = self._client().list_targets_by_rule(Rule=name).get("Targets", [])
            except ClientError as error:
                if faults.code_of(error) != _GONE:
                    raise
                return "deleted"
        if state != "ENABLED":
            return "disabled"
        return "" if targets else "without a target"
