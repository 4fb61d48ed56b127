"""Where the local cloud is: one account and Region, credentials that are no secret, and clients with them."""

from collections.abc import Callable
from functools import cache
from typing import Any

import boto3

ACCOUNT = "123456789012"
REGION = "eu-central-1"
ACCESS_KEY, SECRET_KEY = ACCOUNT, "local"
"""ministack takes a 12-digit access key for the account id; moto's account is this one whatever the key."""

_make: Callable[..., Any] = boto3.client
"""Without boto3's overloads: which service it is, is known at run time only."""


@cache
def client(service: str, endpoint: str) -> Any:  # noqa: ANN401 - a boto3 client
    """The one client of the service at a local endpoint: to read a service model takes long."""
    return new_client(service, endpoint)


def new_client(service: str, endpoint: str) -> Any:  # noqa: ANN401
    """Make a client of the service at a local endpoint."""
    return _make(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )
