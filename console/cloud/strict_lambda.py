"""Correction of moto: a function that a test registers runs in this process, as Lambda runs it."""

import json
from types import SimpleNamespace

from moto.awslambda.models import LambdaBackend

from console.cloud.correction import Moto, Original, corrects
from console.cloud.state import STATE
from quarantag.errors import QuarantagError


@corrects(LambdaBackend, "invoke")
def run_registered(original: Original, self: LambdaBackend, name: str, *call: Moto) -> Moto:
    """What a handler raises is the answer, with a header that says so; moto runs functions in Docker.

    AWS Lambda Developer Guide, "Lambda function errors in Python".
    """
    _qualifier, body, _headers, answered = call
    handler = STATE.functions.get(name)
    if handler is None:
        return original(self, name, *call)
    try:
        answer = handler(json.loads(body), SimpleNamespace(aws_request_id="invoked"))
    except QuarantagError as error:
        answered["x-amz-function-error"] = "Unhandled"
        answer = {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": []}
    return json.dumps(answer).encode()
