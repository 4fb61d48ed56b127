"""Responders' access: the one rule that an isolation group has, where the stack's parameters ask for one."""

from ipaddress import ip_network

from quarantag.instance import PeerKind, Rule
from quarantag.settings import Settings

_GROUP_START = "sg-"


def allowed_rules(settings: Settings) -> frozenset[Rule]:
    """Give the rules that an isolation group must have and may have: one inbound TCP port from one source, or none.

    A group without an account is this account's. Host bits of a CIDR are dropped, as EC2 drops them (EC2 API Reference,
    AuthorizeSecurityGroupIngress); what is no CIDR is left for EC2 to refuse, since a typing error must stop no cut.
    """
    source, port = settings.forensic_access_source, settings.forensic_access_port
    if not source:
        return frozenset()
    kind, peer = _peer(source, settings.account)
    return frozenset({Rule("ingress", "tcp", port, port, kind, peer)})


def _peer(source: str, account: str) -> tuple[PeerKind, str]:
    owner, _, group = source.rpartition("/")
    if group.startswith(_GROUP_START):
        return "group", f"{owner or account}/{group}"
    try:
        return ("ipv6" if ":" in source else "ipv4"), str(ip_network(source, strict=False))
    except ValueError:
        return "ipv4", source
