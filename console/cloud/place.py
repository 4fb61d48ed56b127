"""Where the local cloud is: one account and Region, credentials that are no secret, and clients with them."""

import os
from collections.abc import Callable
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

ACCOUNT = "123456789012"
REGION = "eu-central-1"
ACCESS_KEY, SECRET_KEY = ACCOUNT, "local"
"""ministack takes a 12-digit access key for the account id; moto's account is this one whatever the key."""

NOBODYS = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""Neither the user's profile nor their files: what they have set for AWS has no say here."""


@cache
def client(service: str, endpoint: str) -> Any:  # noqa: ANN401 - a boto3 client
    """The one client of the service at a local endpoint: to read a service model takes long."""
    return new_client(service, endpoint)


def new_client(service: str, endpoint: str, **credentials: str) -> Any:  # noqa: ANN401
    """Make a client of the service at a local endpoint, past any proxy; with these credentials, where any are given."""
    make: Callable[..., Any] = _session().client  # without its overloads: the service is known at run time only
    return make(service, endpoint_url=endpoint, config=Config(proxies={}), **credentials)


@cache
def _session() -> boto3.Session:
    return boto3.Session(
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        region_name=REGION,
        botocore_session=botocore.session.Session(session_vars=NOBODYS),
    )
