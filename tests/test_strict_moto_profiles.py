"""Strict moto: instance profile associations. Each test fails on plain moto 5.2.5."""

import pytest

from tests.cloud import Lab
from tests.test_strict_moto_network import code


def test_replacement_has_a_new_id_and_shows_everywhere(lab: Lab) -> None:
    web, isolation = lab.profile("web-server"), lab.profile("isolation")
    instance = lab.instance(profile=web)
    old = lab.association(instance.id)
    profile = {"Arn": isolation}
    lab.ec2.replace_iam_instance_profile_association(AssociationId=old["AssociationId"], IamInstanceProfile=profile)
    new = lab.association(instance.id)
    assert new["AssociationId"] != old["AssociationId"]
    assert new["IamInstanceProfile"]["Arn"] == isolation
    assert lab.describe(instance.id)["IamInstanceProfile"] == new["IamInstanceProfile"]


def test_profile_is_shown_with_its_own_unique_id(lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile("web-server"))
    unique = lab.iam.get_instance_profile(InstanceProfileName="web-server")["InstanceProfile"]["InstanceProfileId"]
    assert lab.describe(instance.id)["IamInstanceProfile"]["Id"] == unique
    assert lab.association(instance.id)["IamInstanceProfile"]["Id"] == unique


@pytest.mark.parametrize("hindrance", ["stopped", "associating"])
def test_replacement_needs_a_running_instance_and_an_active_association(lab: Lab, hindrance: str) -> None:
    web, isolation = lab.profile("web-server"), lab.profile("isolation")
    instance = lab.instance(profile=web, stopped=hindrance == "stopped")
    if hindrance == "associating":
        lab.cloud.set_association_state(instance.id, "associating")
    association = lab.association(instance.id)["AssociationId"]
    replace = lab.ec2.replace_iam_instance_profile_association
    answer = code(replace, AssociationId=association, IamInstanceProfile={"Arn": isolation})
    assert answer == "IncorrectState"
    assert lab.association(instance.id)["IamInstanceProfile"]["Arn"] == web


def test_replaced_association_cannot_be_replaced_again(lab: Lab) -> None:
    web, isolation = lab.profile("web-server"), lab.profile("isolation")
    instance = lab.instance(profile=web)
    arguments = {
        "AssociationId": lab.association(instance.id)["AssociationId"],
        "IamInstanceProfile": {"Arn": isolation},
    }
    assert code(lab.ec2.replace_iam_instance_profile_association, **arguments) == "accepted"
    assert code(lab.ec2.replace_iam_instance_profile_association, **arguments) == "InvalidAssociationID.NotFound"


def test_unknown_profile_is_a_parameter_error(lab: Lab) -> None:
    profile = {"Arn": "arn:aws:iam::123456789012:instance-profile/nowhere"}
    instance = lab.instance(profile=lab.profile("web-server"))
    association = lab.association(instance.id)["AssociationId"]
    replace = lab.ec2.replace_iam_instance_profile_association
    assert code(replace, AssociationId=association, IamInstanceProfile=profile) == "InvalidParameterValue"
    bare = lab.instance()
    associate = lab.ec2.associate_iam_instance_profile
    assert code(associate, InstanceId=bare.id, IamInstanceProfile=profile) == "InvalidParameterValue"


def test_association_settles_after_so_many_reads(lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile("web-server"))
    lab.cloud.set_association_state(instance.id, "associating", settles_after_reads=2)
    states = [lab.association(instance.id)["State"] for _ in range(4)]
    assert states == ["associating", "associating", "associated", "associated"]
