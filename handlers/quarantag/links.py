"""Links into the AWS console, of the partition and Region that the stack is in. Pure."""

import re

from quarantag.settings import Settings

_FINDING_ID = re.compile(r"\bfinding ([0-9a-f]{32})\b")
_HOSTS = {"cn-": "console.amazonaws.cn", "us-gov-": "console.amazonaws-us-gov.com"}
"""By the first letters of a Region. Source: AWS General Reference and the guides of AWS in China and GovCloud (US)."""

Links = tuple[tuple[str, str], ...]


def finding_id_of(text: str) -> str | None:
    """The id of the finding that a reason tag, or a message made of it, names."""
    found = _FINDING_ID.search(text)
    return found[1] if found else None


def links(instance_id: str | None, finding_id: str | None, settings: Settings) -> Links:
    """Name and address of what to look at: the instance, its finding, its case, who did what to it, the log."""
    found = []
    if instance_id:
        found.append(("Instance", _page("ec2", f"InstanceDetails:instanceId={instance_id}", settings)))
    if finding_id:
        found.append(("Finding", _page("guardduty", f"/findings?macros=current&fId={finding_id}", settings)))
    if instance_id and settings.ledger:
        where = f"edit-item?itemMode=2&pk={instance_id}&route=ROUTE_ITEM_EXPLORER&sk=case&table={settings.ledger}"
        found.append(("Case", _page("dynamodbv2", where, settings)))
    if instance_id:
        found.append(("Who did what", _page("cloudtrailv2", f"/events?ResourceName={instance_id}", settings)))
    if settings.log_group:
        found.append(
            ("Log", _page("cloudwatch", f"logsV2:log-groups/log-group/{_twice(settings.log_group)}", settings))
        )
    return tuple(found)


def _page(service: str, place: str, settings: Settings) -> str:
    region = settings.region
    host = next((host for start, host in _HOSTS.items() if region.startswith(start)), "console.aws.amazon.com")
    return f"https://{host}/{service}/home?region={region}#{place}"


def _twice(name: str) -> str:
    """The CloudWatch console decodes a log group's name in its address twice, with `$` for the first `%`."""
    return name.replace("/", "$252F").replace("#", "$2523")
