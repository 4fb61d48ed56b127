"""The roles' powers over connections: the isolator only takes, the releaser only gives back."""

import pytest

from tests.template import Template, ec2

ISOLATOR, RELEASER = "IAMRoleForLambdaFunction", "IAMRoleForReleaseFunction"
ASKED = Template(ExistingConnections="nacl")


def test_the_isolator_only_disables_the_metadata_service_and_the_releaser_only_enables_it() -> None:
    (taking,) = ASKED.allowed(ISOLATOR, "ec2:ModifyInstanceMetadataOptions")[ec2("instance")]
    (giving,) = ASKED.allowed(RELEASER, "ec2:ModifyInstanceMetadataOptions")[ec2("instance")]
    assert taking == {"StringEquals": {"ec2:Attribute/HttpEndpoint": "disabled"}}
    assert giving == {"StringEquals": {"ec2:Attribute/HttpEndpoint": "enabled"}}


@pytest.mark.parametrize(
    ("taken", "given"),
    [
        ("ec2:CreateNetworkAclEntry", "ec2:DeleteNetworkAclEntry"),
        ("ec2:DisassociateAddress", "ec2:AssociateAddress"),
    ],
)
def test_who_takes_does_not_give_back(taken: str, given: str) -> None:
    assert ASKED.allowed(ISOLATOR, taken)
    assert ASKED.allowed(RELEASER, given)
    assert not ASKED.allowed(ISOLATOR, given)
    assert not ASKED.allowed(RELEASER, taken)


def test_network_acl_entries_are_added_only_where_the_parameter_asks_and_deleted_always() -> None:
    """No condition key tells a denial from what allows; and a case may be open when the parameter changes."""
    keeping = Template()
    assert not keeping.allowed(ISOLATOR, "ec2:CreateNetworkAclEntry")
    assert ASKED.allowed(ISOLATOR, "ec2:CreateNetworkAclEntry") == {ec2("network-acl"): [{}]}
    assert keeping.allowed(RELEASER, "ec2:DeleteNetworkAclEntry") == {ec2("network-acl"): [{}]}


@pytest.mark.parametrize("role", [ISOLATOR, RELEASER])
def test_no_entry_is_replaced_and_no_association_changed(role: str) -> None:
    for action in ("ReplaceNetworkAclEntry", "ReplaceNetworkAclAssociation", "DeleteNetworkAcl", "ReleaseAddress"):
        assert not ASKED.allowed(role, f"ec2:{action}")
