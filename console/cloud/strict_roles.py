"""Corrections of moto: how much IAM lets a role have (IAM User Guide, "IAM and AWS STS quotas")."""

from moto.iam.exceptions import LimitExceededException
from moto.iam.models import IAMBackend

from console.cloud.correction import Moto, Original, corrects

MOST_CHARACTERS, MOST_ATTACHED, MOST_TAGS = 10_240, 10, 50


@corrects(IAMBackend, "put_role_policy")
def limit_inline_policies(original: Original, self: IAMBackend, role_name: str, name: str, policy: str) -> Moto:
    """A role's inline policies have 10,240 characters together; white space does not count."""
    others = [text for other, text in self.get_role(role_name).policies.items() if other != name]
    if sum(len("".join(text.split())) for text in (*others, policy)) > MOST_CHARACTERS:
        raise LimitExceededException(f"Maximum policy size of {MOST_CHARACTERS} bytes exceeded for role {role_name}")
    return original(self, role_name, name, policy)


@corrects(IAMBackend, "attach_role_policy")
def limit_attached_policies(original: Original, self: IAMBackend, policy_arn: str, role_name: str) -> Moto:
    """A role has 10 managed policies at most; attaching one again is fine."""
    attached = self.get_role(role_name).managed_policies
    if policy_arn not in attached and len(attached) >= MOST_ATTACHED:
        raise LimitExceededException(f"Cannot exceed quota for PoliciesPerRole: {MOST_ATTACHED}")
    return original(self, policy_arn, role_name)


@corrects(IAMBackend, "tag_role")
def limit_tags(original: Original, self: IAMBackend, role_name: str, tags: list[dict[str, str]]) -> Moto:
    """A role has 50 tags at most; a new value of a key that is there is fine."""
    keys = {one["Key"] for one in (*self.get_role(role_name).tags, *tags)}
    if len(keys) > MOST_TAGS:
        raise LimitExceededException(f"The number of tags has reached the maximum limit of {MOST_TAGS}")
    return original(self, role_name, tags)
