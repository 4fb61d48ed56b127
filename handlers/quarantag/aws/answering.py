"""The answer to CloudFormation: one PUT to the presigned URL that its request brought."""

import time
import urllib.request

from quarantag.errors import Retryable
from quarantag.stacklife import LifeRequest
from quarantag.stacklife import answer as body_of

_PAUSES = (1.0, 4.0)
"""Seconds before each further try."""
_SECONDS = 10


def answer(request: LifeRequest, reason: str) -> None:
    """Send it, without a content type: the URL is signed without one (the `cfn-response` module sends it empty, too).

    Raises `Retryable` where no try succeeds.
    """
    body = body_of(request, reason)
    put = urllib.request.Request(  # noqa: S310 - https, from CloudFormation; http in the local cloud
        request.answer_url, body, {"Content-Type": ""}, method="PUT"
    )
    for pause in (*_PAUSES, None):
        try:
            urllib.request.urlopen(put, timeout=_SECONDS).close()  # noqa: S310 - as above
        except OSError as error:  # URLError and HTTPError are of its kind
            if pause is None:
                raise Retryable(f"CloudFormation did not take the answer: {error}") from error
            time.sleep(pause)
        else:
            return
