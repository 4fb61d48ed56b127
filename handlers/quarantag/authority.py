"""Who may release: whether CloudTrail shows that one of those allowed wrote the release tag."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from quarantag.ports import TagWrite
from quarantag.settings import Settings

ANYONE = ("*",)
NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`go`, `wait` (CloudTrail does not show the write yet) or `refuse`, with the reason and the principal."""

    action: Literal["go", "wait", "refuse"]
    reason: str
    principal: str = NOT_KNOWN


def judge_writer(write: TagWrite | None, settings: Settings, *, contained: bool) -> Verdict:
    """Judge the last write of the control tag; `contained`: it was made with a contained instance's own session.

    With `ReleasePrincipals` `*` the tag is enough, but a contained instance's own session never releases.
    """
    if write is None or write.value != settings.release_value:
        if settings.release_principals == ANYONE:
            return Verdict("go", "the tag is enough")
        return Verdict("wait", "CloudTrail does not show yet who asked for the release")
    if contained:
        reason = f"the release was asked for with a contained instance's own session: {write.principal}"
        return Verdict("refuse", reason, write.principal)
    names = [name for name in (write.principal, write.issuer) if name]
    if any(fnmatchcase(name, pattern) for name in names for pattern in settings.release_principals):
        return Verdict("go", "released by a principal who may", write.principal)
    return Verdict("refuse", f"the principal may not release: {write.principal}", write.principal)
