"""Puts the supporting measures together: `isolate` and `release` have them, no other function pays for loading them."""

from typing import Any

from quarantag.aws.addresses import Ec2Addresses
from quarantag.aws.auto_scaling import AutoScalingGroups
from quarantag.aws.clients import SENT_ONCE
from quarantag.aws.evidence import Ec2Evidence
from quarantag.aws.freeze import Ec2Freeze
from quarantag.aws.metadata import Ec2Metadata
from quarantag.aws.network_acl import Ec2NetworkAcls
from quarantag.aws.protection import Ec2Protection
from quarantag.aws.role_sessions import RoleSessions
from quarantag.aws.sessions import InstanceSessions
from quarantag.aws.wiring import Base
from quarantag.measures import Measure
from quarantag.measures.addresses import DisassociateElasticIps
from quarantag.measures.auto_scaling import KeepFromGroup
from quarantag.measures.evidence import SaveEvidence
from quarantag.measures.freeze import FreezeInterfaces
from quarantag.measures.metadata import DisableMetadataService
from quarantag.measures.network_acl import DenyInNetworkAcls
from quarantag.measures.protection import ProtectInstance
from quarantag.measures.role_sessions import RevokeRoleSessions
from quarantag.measures.sessions import RevokeSessions


def measures(base: Base) -> tuple[Measure[Any], ...]:
    """Make every measure, wanted or not: what an earlier parameter took, a release still gives back."""
    clients, of = base.clients, base.settings
    ec2, iam = clients.client("ec2"), clients.later("iam")
    of_instance = InstanceSessions(iam, base.table, base.environment.get("SESSIONS_POLICY_ARN", ""), of.region)
    revoker = clients.later("lambda"), base.environment.get("REVOKE_FUNCTION", "")
    return (
        ProtectInstance(Ec2Protection(ec2)),
        FreezeInterfaces(Ec2Freeze(ec2, of)),
        DisableMetadataService(Ec2Metadata(ec2)),
        DisassociateElasticIps(Ec2Addresses(ec2)),
        DenyInNetworkAcls(Ec2NetworkAcls(ec2)),
        KeepFromGroup(AutoScalingGroups(clients.later("autoscaling"), ec2)),
        SaveEvidence(Ec2Evidence(ec2, clients.later("ec2", SENT_ONCE), base.clock, of)),
        RevokeSessions(of_instance),
        RevokeRoleSessions(RoleSessions(ec2, iam, revoker, base.table, of)),
    )
