"""Who wrote the control tag, into the audit entries: the tag-change event, which acts, names nobody."""

from collections.abc import Iterable

from quarantag.ports import Entry, Ports, TagWrite
from quarantag.settings import Settings


def record_writes(writes: Iterable[TagWrite], ports: Ports, settings: Settings) -> None:
    """Append an entry `tagged` for each write, at the time of the write, once however often its event comes.

    Its detail is `{value, principal, issuer, function}`: `value` is None where the tag was removed, `function` says
    `tag_finding` where this stack's own tagger wrote it. Nothing else follows. Raises `LedgerUnavailable`.
    """
    for write in writes:
        detail = {"value": write.value or None, "principal": write.principal, "issuer": write.issuer}
        if settings.tagger_role_arn and write.issuer == settings.tagger_role_arn:
            detail["function"] = "tag_finding"
        ports.ledger.record_once(Entry(write.instance_id, "tagged", write.at, detail), write.event_id)
