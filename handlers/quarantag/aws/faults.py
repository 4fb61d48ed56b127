"""Every AWS error code that this package tells apart, and what each means here.

Sources: Amazon EC2 API Reference, "Error codes for the Amazon EC2 API"; Amazon DynamoDB Developer Guide, "Error
handling with DynamoDB"; AWS Identity and Access Management API Reference, "TagRole". A code that is not listed is
`Terminal`: someone must look.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from quarantag.errors import Conflict, QuarantagError, Retryable, TagLimitReached, Terminal

RETRYABLE = frozenset(
    {
        "EC2ThrottledException",
        "InsufficientCapacity",
        "InternalError",
        "InternalException",
        "InternalFailure",
        "InternalServerError",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ResourceContention",
        "ScalingActivityInProgress",
        "ServiceUnavailable",
        "SlowDown",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "Unavailable",
    }
)
UNKNOWN_GROUP = "InvalidGroup.NotFound"
CONFLICT = frozenset(
    {
        "ConcurrentModification",
        "IncorrectInstanceState",
        "IncorrectState",
        "InvalidAllocationID.NotFound",
        "InvalidAssociationID.NotFound",
        UNKNOWN_GROUP,
        "InvalidNetworkAclID.NotFound",
        "InvalidNetworkInterfaceID.NotFound",
        "NetworkAclEntryAlreadyExists",
        "Resource.AlreadyAssociated",
    }
)
VALIDATION = "ValidationError"
MEMBER_MOVED = (
    "is not in InService",
    "is not in Standby",
    "is not part of Auto Scaling group",
    "is already part of",
    "update the AutoScalingGroup sizes",
    "AutoScalingGroup name not found",
)
"""Auto Scaling has one code for all that it refuses: these of its messages say that a member or its group moved on.

Sources: aws-samples/aws-codedeploy-samples#50, reproio/ecs_deploy#47 and #56, LeanerCloud/AutoSpotting#407.
"""
UNKNOWN_INSTANCE = frozenset(
    {"InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed", "InvalidInstanceId.Malformed"}
)
NOT_IN_IAM = "NoSuchEntity"
GROUP_EXISTS = "InvalidGroup.Duplicate"
INVALID_RULE = frozenset({"InvalidParameterValue", "InvalidPermission.Malformed", "MissingParameter"})
RULE_EXISTS = "InvalidPermission.Duplicate"
RULE_GONE = "InvalidPermission.NotFound"
ASSOCIATION_GONE = "InvalidAssociationID.NotFound"
ACL_ENTRY_GONE = frozenset({"InvalidNetworkAclEntry.NotFound", "InvalidNetworkAclID.NotFound"})
TAG_LIMIT = "TagLimitExceeded"
CONDITION_FAILED = "ConditionalCheckFailedException"
TRANSACTION_CANCELLED = "TransactionCanceledException"

_SERVER_FAULT = 500


def code_of(error: ClientError) -> str:
    """Give the error code, or an empty string where AWS sent none."""
    return str(error.response.get("Error", {}).get("Code", ""))


def raise_unless_gone(error: ClientError) -> None:
    """Raise IAM's error again, unless it says that there is no such thing."""
    if code_of(error) != NOT_IN_IAM:
        raise error


def may_be_done(error: ClientError) -> bool:
    """Whether AWS may have done what it answered with this error: a fault of the server's own says neither."""
    return _status(error) >= _SERVER_FAULT


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn what boto raises into this package's errors; `doing` says what was tried, to which resource."""
    try:
        yield
    except ClientError as error:
        raise _meaning(error, doing) from error
    except BotoCoreError as error:
        raise Retryable(f"{doing}: {error}") from error


def _meaning(error: ClientError, doing: str) -> QuarantagError:
    code = code_of(error)
    text = f"{doing}: {code}: {error.response.get('Error', {}).get('Message', '')}".strip()
    moved = code == VALIDATION and any(words in text for words in MEMBER_MOVED)
    if code in CONFLICT or moved:
        return Conflict(text)
    if code in RETRYABLE or _status(error) >= _SERVER_FAULT:
        return Retryable(text)
    return TagLimitReached(text) if code == TAG_LIMIT else Terminal(text)


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
