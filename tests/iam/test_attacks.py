"""What a compromised function, a confused or malicious analyst, or an isolated instance may not do by its policies."""

from tests.counted import Counted
from tests.iam.people import ACCOUNT, KEY, ec2, tagged
from tests.iam.roles import FUNCTIONS, ISOLATION, ISOLATOR, RELEASER, TAGGER, arn, by, holding
from tests.iam.simulator import Question, simulate

INSTANCE, INTERFACE, GROUP = ec2("instance"), ec2("network-interface", "eni-1"), ec2("security-group", "sg-1")
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/Admin"
ADMIN_POLICY = "arn:aws:iam::aws:policy/AdministratorAccess"
ADMIN_PROFILE = f"arn:aws:iam::{ACCOUNT}:instance-profile/Admin"
TO_EC2 = {"iam__PassedToService": "ec2.amazonaws.com"}
HERE = {"ec2__Region": "eu-central-1"}
OURS = tagged("QuarantagStack", "quarantag")


def writes(*keys: str, **values: str) -> dict[str, str | list[str]]:
    """A tagging call with these keys and these values of the control tag's keys."""
    return {"aws__TagKeys": [*keys, *values], **{f"aws__RequestTag/{key}": value for key, value in values.items()}}


TAGGING = {
    "the tagger changes an interface's groups": by(TAGGER, "ec2:ModifyNetworkInterfaceAttribute", INTERFACE),
    "the tagger releases": by(TAGGER, "ec2:CreateTags", INSTANCE, **writes(**{KEY: "Release"})),
    "the tagger downgrades": by(TAGGER, "ec2:CreateTags", INSTANCE, **writes(**{KEY: "Review"}), **tagged()),
    "the tagger exempts": by(TAGGER, "ec2:CreateTags", INSTANCE, **writes(f"{KEY}Exempt")),
    "the tagger writes another key": by(TAGGER, "ec2:CreateTags", INSTANCE, **writes("Name")),
    "the tagger tags a volume": by(TAGGER, "ec2:CreateTags", ec2("volume", "vol-1"), **writes(**{KEY: "Isolate"})),
    "the tagger removes a tag": by(TAGGER, "ec2:DeleteTags", INSTANCE, aws__TagKeys=[KEY]),
    "the tagger swaps a profile": by(TAGGER, "ec2:ReplaceIamInstanceProfileAssociation", INSTANCE),
    "the tagger passes a role": by(TAGGER, "iam:PassRole", ADMIN, **TO_EC2),
    "the tagger archives a finding": by(TAGGER, "guardduty:ArchiveFindings"),
}
ISOLATING = {
    "the isolator isolates by itself": by(ISOLATOR, "ec2:CreateTags", INSTANCE, **writes(**{KEY: "Isolate"})),
    "the isolator releases": by(ISOLATOR, "ec2:CreateTags", INSTANCE, **writes(**{KEY: "Release"})),
    "the isolator gives any group": by(ISOLATOR, "ec2:ModifyNetworkInterfaceAttribute", GROUP),
    "the isolator gives another stack's group": by(
        ISOLATOR, "ec2:ModifyNetworkInterfaceAttribute", GROUP, **tagged("QuarantagStack", "other")
    ),
    "the isolator opens a group": by(ISOLATOR, "ec2:AuthorizeSecurityGroupIngress", GROUP),
    "the isolator lets a group out": by(ISOLATOR, "ec2:AuthorizeSecurityGroupEgress", GROUP, **OURS),
    "the isolator edits a group that it did not make": by(ISOLATOR, "ec2:RevokeSecurityGroupIngress", GROUP),
    "the isolator makes a group its own": by(ISOLATOR, "ec2:CreateTags", GROUP, **writes("QuarantagStack")),
    "the isolator makes an unmarked group": by(ISOLATOR, "ec2:CreateSecurityGroup", GROUP),
    "the isolator deletes a group": by(ISOLATOR, "ec2:DeleteSecurityGroup", GROUP, **OURS),
    "the isolator terminates": by(ISOLATOR, "ec2:TerminateInstances", INSTANCE),
    "the isolator stops": by(ISOLATOR, "ec2:StopInstances", INSTANCE),
    "the isolator runs an instance": by(ISOLATOR, "ec2:RunInstances", INSTANCE),
    "the isolator sets user data": by(ISOLATOR, "ec2:ModifyInstanceAttribute", INSTANCE, ec2__Attribute="UserData"),
    "the isolator passes an administrator's role": by(ISOLATOR, "iam:PassRole", ADMIN, **TO_EC2),
    "the isolator gives an administrator's profile": by(
        ISOLATOR, "ec2:ReplaceIamInstanceProfileAssociation", INSTANCE, ec2__NewInstanceProfile=ADMIN_PROFILE
    ),
    "the isolator passes the isolation role elsewhere": by(
        ISOLATOR, "iam:PassRole", arn(ISOLATION), iam__PassedToService="lambda.amazonaws.com"
    ),
    "the isolator attaches a policy": by(ISOLATOR, "iam:AttachRolePolicy", ADMIN, iam__PolicyARN=ADMIN_POLICY),
    "the isolator writes a policy": by(ISOLATOR, "iam:PutRolePolicy", ADMIN),
    "the isolator takes an interface's other tags": by(ISOLATOR, "ec2:DeleteTags", INTERFACE, aws__TagKeys=["Name"]),
    "the isolator thaws": by(ISOLATOR, "ec2:DeleteTags", INTERFACE, aws__TagKeys=[KEY]),
}
RELEASING = {
    "the releaser passes the isolator's role": by(RELEASER, "iam:PassRole", arn(ISOLATOR), **TO_EC2),
    "the releaser passes its own role": by(RELEASER, "iam:PassRole", arn(RELEASER), **TO_EC2),
    "the releaser passes a role to Lambda": by(
        RELEASER, "iam:PassRole", ADMIN, iam__PassedToService="lambda.amazonaws.com"
    ),
    "the releaser asks for a release": by(RELEASER, "ec2:CreateTags", INSTANCE, **writes(**{KEY: "Release"})),
    "the releaser makes a group": by(RELEASER, "ec2:CreateSecurityGroup", GROUP, **OURS),
    "the releaser opens a group": by(RELEASER, "ec2:AuthorizeSecurityGroupIngress", GROUP, **OURS),
    "the releaser terminates": by(RELEASER, "ec2:TerminateInstances", INSTANCE),
    "the releaser sets user data": by(RELEASER, "ec2:ModifyInstanceAttribute", INSTANCE, ec2__Attribute="UserData"),
    "the releaser takes an instance's tags": by(RELEASER, "ec2:DeleteTags", INSTANCE, aws__TagKeys=[KEY]),
    "the releaser takes an interface's other tags": by(RELEASER, "ec2:DeleteTags", INTERFACE, aws__TagKeys=["Name"]),
    "the releaser takes all tags of an interface": by(RELEASER, "ec2:DeleteTags", INTERFACE),
    "the releaser writes a policy": by(RELEASER, "iam:PutRolePolicy", ADMIN),
    "the releaser attaches a policy": by(RELEASER, "iam:AttachRolePolicy", ADMIN, iam__PolicyARN=ADMIN_POLICY),
}
EVERYONE = {
    f"{role} {what}": by(role, action, resource)
    for role in FUNCTIONS
    for what, action, resource in (
        ("deletes a case", "dynamodb:DeleteItem", arn("ContainmentLedger")),
        ("deletes the ledger", "dynamodb:DeleteTable", arn("ContainmentLedger")),
        ("reads another table", "dynamodb:GetItem", f"arn:aws:dynamodb:eu-central-1:{ACCOUNT}:table/other"),
        ("deletes its log", "logs:DeleteLogGroup", arn("IsolationLog").removesuffix(":*")),
        ("reads the failed events", "sqs:ReceiveMessage", arn("FailedEvents")),
        ("subscribes to the topic", "sns:Subscribe", arn("Notifications")),
        ("deletes evidence", "ec2:DeleteSnapshot", "arn:aws:ec2:eu-central-1::snapshot/snap-1"),
        ("unlocks evidence", "ec2:UnlockSnapshot", "arn:aws:ec2:eu-central-1::snapshot/snap-1"),
        ("disables a rule", "events:DisableRule", arn("EC2TagChangeEvent")),
        ("makes a key", "iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/one"),
        ("assumes a role", "sts:AssumeRole", ADMIN),
    )
}
EVERYONE |= {
    f"{role} pauses the stack by {action}": by(
        role, f"dynamodb:{action}", arn("ContainmentLedger"), dynamodb__LeadingKeys=["switch"]
    )
    for role in FUNCTIONS
    for action in ("PutItem", "UpdateItem")
}
PEOPLE = {
    "who may pause closes a case": holding(
        "MayPause", action="dynamodb:PutItem", resource=arn("ContainmentLedger"), dynamodb__LeadingKeys=["i-1"]
    ),
    "an analyst releases": holding(
        "AnalystPolicy", action="ec2:CreateTags", resource=INSTANCE, **writes(**{KEY: "Release"})
    ),
    "an analyst writes a value of their own": holding(
        "AnalystPolicy", action="ec2:CreateTags", resource=INSTANCE, **writes(**{KEY: "isolate"})
    ),
    "an analyst writes another key beside it": holding(
        "AnalystPolicy", action="ec2:CreateTags", resource=INSTANCE, **writes("Name", **{KEY: "Isolate"})
    ),
    "an analyst writes another key": holding(
        "AnalystPolicy", action="ec2:CreateTags", resource=INSTANCE, **writes("Name")
    ),
    "an analyst forges the status": holding(
        "AnalystPolicy", action="ec2:CreateTags", resource=INSTANCE, **writes(f"{KEY}Status", **{KEY: "Isolate"})
    ),
    "an analyst tags a volume": holding(
        "AnalystPolicy", action="ec2:CreateTags", resource=ec2("volume", "vol-1"), **writes(**{KEY: "Isolate"})
    ),
    "an analyst removes the tag": holding(
        "AnalystPolicy", action="ec2:DeleteTags", resource=INSTANCE, aws__TagKeys=[KEY]
    ),
    "an analyst changes a group": holding(
        "AnalystPolicy", action="ec2:ModifyNetworkInterfaceAttribute", resource=INTERFACE
    ),
    "an analyst writes the ledger": holding(
        "AnalystPolicy", action="dynamodb:UpdateItem", resource=arn("ContainmentLedger")
    ),
    "a releaser removes the tag": holding(
        "AnalystPolicy", "ReleaserPolicy", action="ec2:DeleteTags", resource=INSTANCE, aws__TagKeys=[KEY]
    ),
    "a policy owner isolates": holding(
        "PolicyOwnerPolicy", action="ec2:CreateTags", resource=INSTANCE, **writes(**{KEY: "Isolate"})
    ),
    "a policy owner removes all tags": holding("PolicyOwnerPolicy", action="ec2:DeleteTags", resource=INSTANCE),
    "an isolated instance untags itself": by(ISOLATION, "ec2:DeleteTags", INSTANCE, aws__TagKeys=[KEY]),
    "an isolated instance asks who it is": by(ISOLATION, "sts:AssumeRole", ADMIN),
    "an isolated instance reads a bucket": by(ISOLATION, "s3:GetObject", "arn:aws:s3:::bucket/key"),
}
ATTACKS: dict[str, Question] = {**TAGGING, **ISOLATING, **RELEASING, **EVERYONE, **PEOPLE}
ALLOWED: dict[str, Question] = {
    "the tagger isolates": by(TAGGER, "ec2:CreateTags", INSTANCE, **writes(f"{KEY}Reason", **{KEY: "Isolate"})),
    "the isolator cuts": by(ISOLATOR, "ec2:ModifyNetworkInterfaceAttribute", GROUP, **OURS),
    "the isolator protects": by(
        ISOLATOR, "ec2:ModifyInstanceAttribute", INSTANCE, ec2__Attribute="DisableApiTermination"
    ),
    "the releaser thaws": by(RELEASER, "ec2:DeleteTags", INTERFACE, aws__TagKeys=[KEY]),
    "the releaser passes a recorded role": by(RELEASER, "iam:PassRole", ADMIN, **TO_EC2),
    "an analyst isolates": holding(
        "AnalystPolicy", action="ec2:CreateTags", resource=INSTANCE, **writes(f"{KEY}Reason", **{KEY: "Isolate"})
    ),
    "an analyst asks for a review": holding(
        "AnalystPolicy", action="ec2:CreateTags", resource=INSTANCE, **writes(**{KEY: "Review"})
    ),
    "an analyst sees the instances": holding("AnalystPolicy", action="ec2:DescribeInstances", **HERE),
    "an analyst reads the ledger": holding(
        "AnalystPolicy", action="dynamodb:GetItem", resource=arn("ContainmentLedger")
    ),
    "a releaser releases": holding(
        "AnalystPolicy", "ReleaserPolicy", action="ec2:CreateTags", resource=INSTANCE, **writes(**{KEY: "Release"})
    ),
    "a policy owner exempts": holding(
        "PolicyOwnerPolicy", action="ec2:CreateTags", resource=INSTANCE, **writes(f"{KEY}Exempt")
    ),
}


def test_every_attack_is_denied(counted: Counted) -> None:
    answers = dict(zip(ATTACKS, simulate(ATTACKS.values()), strict=True))
    assert {name: one.reason for name, one in answers.items() if one.allowed} == {}
    counted(f"roles and policies of the stack: {len(ATTACKS)} attacks denied, {len(ALLOWED)} calls allowed")


def test_what_each_is_for_is_allowed() -> None:
    """Else a denied attack would show nothing."""
    answers = dict(zip(ALLOWED, simulate(ALLOWED.values()), strict=True))
    assert {name: one.reason for name, one in answers.items() if not one.allowed} == {}
