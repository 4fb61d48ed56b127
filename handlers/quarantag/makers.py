"""Which calls make something that outlives a session, where CloudTrail names it, and how a person ends it. Pure.

Places in the records: CloudTrail User Guide, "CloudTrail record contents"; IAM User Guide, "Logging IAM and AWS STS API
calls with AWS CloudTrail". The commands: AWS CLI Command Reference, `iam`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

REQUEST, ANSWER = "requestParameters", "responseElements"
_ENDS = f"{ANSWER}.credentials.expiration"
_USER, _ROLE, _GROUP = (f"{REQUEST}.{name}" for name in ("userName", "roleName", "groupName"))


@dataclass(frozen=True, slots=True)
class Made:
    """What a call makes: `what` and `of` are places to look, the first that holds a text counts.

    `until`: where its end is told, "" for what has none. `only`: a place, and the value that it must have. `ending` is
    the command that ends it, or the one that shows what it is; `{name}` is the last part of `of`.
    """

    kind: str
    what: tuple[str, ...]
    ending: str
    of: tuple[str, ...] = ()
    until: str = ""
    only: tuple[str, str] | None = None


_REVOKE = (
    "aws iam put-role-policy --role-name {name} --policy-name AWSRevokeOlderSessions --policy-document "
    '\'{{"Version":"2012-10-17","Statement":[{{"Effect":"Deny","Action":"*","Resource":"*",'
    '"Condition":{{"DateLessThan":{{"aws:TokenIssueTime":"{now}"}}}}}}]}}\''
)
"""What IAM's console does: it hits every session of the role that was issued until now ("Revoke IAM role temporary
security credentials", IAM User Guide)."""
_DENY_ALL = "--policy-arn arn:{partition}:iam::aws:policy/AWSDenyAll"
_LOOK_AT = "aws iam get-{noun} --{noun}-name {{what}}"


def _key(noun: str, place: str) -> Made:
    """A credential of a user, which can be made inactive."""
    option = f"{noun}-id" if noun != "signing-certificate" else "certificate-id"
    update = f"aws iam update-{noun} --status Inactive --user-name {{of}} --{option} {{what}}"
    return Made(noun.replace("-", " "), (place,), update, (place.rpartition(".")[0] + ".userName", _USER))


def _reactivated(noun: str, place: str) -> Made:
    """A credential of a user that was made active again."""
    made = _key(noun, f"{REQUEST}.{place}")
    return replace(made, of=(_USER,), only=(f"{REQUEST}.status", "Active"))


def _permission(what: str, of: str, ending: str) -> Made:
    """A policy or membership that a user, role or group got."""
    return Made("permissions", (f"{REQUEST}.{what}",), f"aws iam {ending}", (of,))


_SESSION = Made(
    kind="role session",
    what=(f"{ANSWER}.assumedRoleUser.arn", f"{REQUEST}.roleArn"),
    of=(f"{REQUEST}.roleArn",),
    until=_ENDS,
    ending=_REVOKE,
)
_ISSUER = "userIdentity.sessionContext.sessionIssuer.arn"
MADE: Mapping[tuple[str, str], Made] = {
    ("sts.amazonaws.com", "AssumeRole"): _SESSION,
    ("sts.amazonaws.com", "AssumeRoot"): Made("root session", (f"{REQUEST}.targetPrincipal",), "", until=_ENDS),
    ("signin.amazonaws.com", "GetSigninToken"): Made(
        "console sign-in", ("userIdentity.arn",), _REVOKE, (_ISSUER,), until=_ENDS
    ),
    ("eks-auth.amazonaws.com", "AssumeRoleForPodIdentity"): Made(
        "pod identity",
        (f"{REQUEST}.clusterName",),
        "aws eks list-pod-identity-associations --cluster-name {what}",
        until=_ENDS,
    ),
    **{
        ("iam.amazonaws.com", name): made
        for name, made in {
            "CreateAccessKey": _key("access-key", f"{ANSWER}.accessKey.accessKeyId"),
            "UpdateAccessKey": _reactivated("access-key", "accessKeyId"),
            "UpdateServiceSpecificCredential": _reactivated(
                "service-specific-credential", "serviceSpecificCredentialId"
            ),
            "UpdateSSHPublicKey": _reactivated("ssh-public-key", "sSHPublicKeyId"),
            "UpdateSigningCertificate": _reactivated("signing-certificate", "certificateId"),
            "CreateServiceSpecificCredential": _key(
                "service-specific-credential", f"{ANSWER}.serviceSpecificCredential.serviceSpecificCredentialId"
            ),
            "ResetServiceSpecificCredential": _key(
                "service-specific-credential", f"{ANSWER}.serviceSpecificCredential.serviceSpecificCredentialId"
            ),
            "UploadSSHPublicKey": _key("ssh-public-key", f"{ANSWER}.sSHPublicKey.sSHPublicKeyId"),
            "UploadSigningCertificate": _key("signing-certificate", f"{ANSWER}.certificate.certificateId"),
            "CreateLoginProfile": Made("password", (_USER,), "aws iam delete-login-profile --user-name {what}"),
            "UpdateLoginProfile": Made("password", (_USER,), "aws iam delete-login-profile --user-name {what}"),
            "CreateUser": Made("user", (_USER,), f"aws iam attach-user-policy --user-name {{what}} {_DENY_ALL}"),
            "CreateRole": Made("role", (_ROLE,), f"aws iam attach-role-policy --role-name {{what}} {_DENY_ALL}"),
            "UpdateAssumeRolePolicy": Made("trust", (_ROLE,), _LOOK_AT.format(noun="role")),
            "CreateOpenIDConnectProvider": Made(
                "identity provider",
                (f"{ANSWER}.openIDConnectProviderArn",),
                "aws iam delete-open-id-connect-provider --open-id-connect-provider-arn {what}",
            ),
            **{
                name: Made(
                    "identity provider",
                    (f"{ANSWER}.sAMLProviderArn", f"{REQUEST}.sAMLProviderArn"),
                    "aws iam get-saml-provider --saml-provider-arn {what}",
                )
                for name in ("CreateSAMLProvider", "UpdateSAMLProvider")
            },
            **{
                f"Attach{one}Policy": _permission(
                    "policyArn", of, f"detach-{one.lower()}-policy --{one.lower()}-name {{of}} --policy-arn {{what}}"
                )
                for one, of in (("User", _USER), ("Role", _ROLE), ("Group", _GROUP))
            },
            **{
                f"Put{one}Policy": _permission(
                    "policyName", of, f"delete-{one.lower()}-policy --{one.lower()}-name {{of}} --policy-name {{what}}"
                )
                for one, of in (("User", _USER), ("Role", _ROLE), ("Group", _GROUP))
            },
            "AddUserToGroup": _permission(
                "groupName", _USER, "remove-user-from-group --user-name {of} --group-name {what}"
            ),
            **{
                name: Made("permissions", (f"{REQUEST}.policyArn",), "aws iam list-policy-versions --policy-arn {what}")
                for name in ("CreatePolicyVersion", "SetDefaultPolicyVersion")
            },
        }.items()
    },
}
"""By event source and name. Code that runs elsewhere (an instance, a function of another role) is no credential: it is
left to whoever investigates."""
