"""What the stack's parameters say, as one value: read from the environment by `aws/wiring.py` only."""

from dataclasses import dataclass
from typing import Literal

Mode = Literal["enforce", "observe"]
ExistingConnections = Literal["keep", "nacl"]
Members = Literal["standby", "keep"]
Revocation = Literal["instance", "role", "none"]

CREATION_TAG_KEY = "QuarantagStack"
"""The tag that marks a security group as made by this stack; its value is the stack's name."""
CASE_TAG_KEY = "QuarantagCase"
"""The tag that says of which case a snapshot is evidence."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The parameters of one stack, in one account and Region; defaults are template.yaml's."""

    account: str
    region: str
    isolation_profile_arn: str
    stack: str = "quarantag"
    tag_key: str = "SecurityIsolation"
    isolate_value: str = "Isolate"
    review_value: str = "Review"
    release_value: str = "Release"
    isolation_group_name: str = "SecurityIsolation-SecurityGroup"
    mode: Mode = "enforce"
    act_on_sample_findings: bool = False
    max_containments_per_hour: int = 50
    release_principals: tuple[str, ...] = ("*",)
    protect_instance: bool = True
    snapshot_volumes: bool = True
    lock_snapshots_days: int = 0
    evidence_kms_key_arn: str = ""
    evidence_account_id: str = ""
    forensic_access_source: str = ""
    forensic_access_port: int = 22
    disable_metadata_service: bool = False
    disassociate_elastic_ips: bool = False
    existing_connections: ExistingConnections = "keep"
    freeze_interfaces: bool = True
    auto_scaling_members: Members = "standby"
    ledger: str = ""
    log_group: str = ""
    tagger_role_arn: str = ""
    revoke_credentials: Revocation = "instance"
    revocable_role_path: str = "/"

    @property
    def status_key(self) -> str:
        """Key of the status tag."""
        return f"{self.tag_key}Status"

    @property
    def reason_key(self) -> str:
        """Key of the reason tag."""
        return f"{self.tag_key}Reason"

    @property
    def exempt_key(self) -> str:
        """Key of the one tag that an exemption may rest on."""
        return f"{self.tag_key}Exempt"

    @property
    def groups_before_key(self) -> str:
        """Key of the tag that keeps an interface's groups while the ledger can't be reached."""
        return f"{self.tag_key}GroupsBefore"
