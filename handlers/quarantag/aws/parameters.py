"""The stack's parameters, as template.yaml gives them to the functions: by environment variable."""

from collections.abc import Mapping
from typing import Any

from quarantag.errors import InvalidSettings
from quarantag.settings import ExistingConnections, Members, Mode, Revocation, Settings

_MODES: dict[str, Mode] = {"enforce": "enforce", "observe": "observe"}
_EXISTING: dict[str, ExistingConnections] = {"keep": "keep", "nacl": "nacl"}
_MEMBERS: dict[str, Members] = {"standby": "standby", "keep": "keep"}
_REVOCATIONS: dict[str, Revocation] = {"instance": "instance", "role": "role", "none": "none"}
_BOOLEANS = {"true": True, "false": False}


def settings_of(environment: Mapping[str, str]) -> Settings:
    """Read the stack's parameters from a function's environment variables. Raises `InvalidSettings`."""
    try:
        return Settings(
            account=environment["ACCOUNT_ID"],
            region=environment["AWS_REGION"],
            isolation_profile_arn=environment.get("ISOLATION_INSTANCE_PROFILE_ARN", ""),
            stack=environment["STACK_NAME"],
            tag_key=environment["ISOLATION_TAG_KEY"],
            isolate_value=environment["ISOLATE_TAG_VALUE"],
            review_value=environment["REVIEW_TAG_VALUE"],
            release_value=environment["RELEASE_TAG_VALUE"],
            isolation_group_name=environment.get("ISOLATION_SECURITY_GROUP_NAME", ""),
            mode=_MODES[environment["MODE"]],
            act_on_sample_findings=_BOOLEANS[environment.get("ACT_ON_SAMPLE_FINDINGS", "false")],
            max_containments_per_hour=int(environment.get("MAX_CONTAINMENTS_PER_HOUR", "50")),
            tagger_role_arn=environment.get("TAG_FINDING_ROLE_ARN", ""),
            release_principals=tuple(environment.get("RELEASE_PRINCIPALS", "*").split(",")),
            protect_instance=_BOOLEANS[environment.get("PROTECT_INSTANCE", "true")],
            **_handed_over(environment),
            disable_metadata_service=_BOOLEANS[environment.get("DISABLE_METADATA_SERVICE", "false")],
            disassociate_elastic_ips=_BOOLEANS[environment.get("DISASSOCIATE_ELASTIC_IPS", "false")],
            existing_connections=_EXISTING[environment.get("EXISTING_CONNECTIONS", "keep")],
            freeze_interfaces=_BOOLEANS[environment.get("FREEZE_INTERFACES", "true")],
            auto_scaling_members=_MEMBERS[environment.get("AUTO_SCALING_MEMBERS", "standby")],
            **_places(environment),
            revoke_credentials=_REVOCATIONS[environment.get("REVOKE_CREDENTIALS", "instance")],
        )
    except (KeyError, ValueError) as error:
        raise InvalidSettings(f"the function's environment lacks or misstates {error}; deploy template.yaml") from error


def _places(environment: Mapping[str, str]) -> dict[str, Any]:
    """What links lead to, and where the roles are."""
    return {
        "ledger": environment.get("LEDGER_TABLE", ""),
        "revocable_role_path": environment.get("REVOCABLE_ROLE_PATH", "/"),
        "log_group": environment.get("AWS_LAMBDA_LOG_GROUP_NAME", ""),
    }


def _handed_over(environment: Mapping[str, str]) -> dict[str, Any]:
    """The settings of what forensics gets."""
    return {
        "snapshot_volumes": _BOOLEANS[environment.get("SNAPSHOT_VOLUMES", "true")],
        "lock_snapshots_days": int(environment.get("LOCK_SNAPSHOTS_DAYS", "0")),
        "evidence_kms_key_arn": environment.get("EVIDENCE_KMS_KEY_ARN", ""),
        "evidence_account_id": environment.get("EVIDENCE_ACCOUNT_ID", ""),
        "forensic_access_source": environment.get("FORENSIC_ACCESS_SOURCE", ""),
        "forensic_access_port": int(environment.get("FORENSIC_ACCESS_PORT", "22")),
    }
