"""What the static checks find and we keep, each with its reason. One that is no longer found is an error, too."""

from tests.static.found import Found

_KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
PARAMETERS: dict[str, dict[str, str]] = {
    "by default": {},
    "with everything on": {
        "CanaryInstanceId": "i-0123456789abcdef0",
        "CentralEventBusArn": "arn:aws:events:us-east-1:222233334444:event-bus/quarantag-central",
        "CentralTopicArn": "arn:aws:sns:us-east-1:222233334444:quarantag-central",
        "EvidenceAccountId": "222233334444",
        "EvidenceKmsKeyArn": _KEY,
        "ExistingConnections": "nacl",
        "ForensicAccessSource": "10.0.0.0/8",
        "KmsKeyArn": _KEY,
        "NotificationEmail": "soc@example.com",
        "ReservedConcurrency": "20",
        "RevokeCredentials": "role",
        "Tracing": "true",
    },
}
"""The stacks that are looked at, by name."""
NO_VPC = "the functions call AWS's APIs only, and a VPC in trouble must not stop a containment"
SPLIT = "each kind of resource of this call has a statement of its own, with its own condition"
BY_AWS = "encrypted by CloudWatch; KmsKeyArn puts them under a key of the customer's"
ACCEPTED: dict[Found, str] = {
    **{
        Found("cfn-guard", stack, "lambda_inside_vpc_check", name): NO_VPC
        for stack in PARAMETERS
        for name in ("TagFindingFunction", "IsolationLambdaFunction", "ReleaseFunction", "StackFunction")
    },
    Found("cfn-guard", "with everything on", "lambda_inside_vpc_check", "RevokeRoleSessionsFunction"): NO_VPC,
    **{
        Found("cfn-guard", stack, "sqs_dlq_check", "FailedEvents"): "it is the dead-letter queue itself"
        for stack in PARAMETERS
    },
    **{
        Found("cfn-guard", "by default", "cloudwatch_log_group_encrypted_check", name): BY_AWS
        for name in ("TagFindingLog", "IsolationLog", "ReleaseLog", "StackLog")
    },
    Found("cfn-guard", "by default", "kms_create_grant_aws_service_check", "NotificationsKey"): (
        "kms:* of the account's root is what KMS's own default key policy says; IAM then decides"
    ),
    **{
        Found("parliament", stack, "RESOURCE_MISMATCH", place): SPLIT
        for stack in PARAMETERS
        for place in (
            "IAMRoleForLambdaFunction/cut-network ec2:CreateSecurityGroup",
            "IAMRoleForLambdaFunction/cut-network ec2:ModifyNetworkInterfaceAttribute",
            "TakeEvidence ec2:CreateSnapshots",
        )
    },
}
