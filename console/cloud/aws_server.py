"""The process that plays CloudFormation, EventBridge, Lambda, DynamoDB, SQS, SNS and S3: ministack.

Three things are corrected. A caller that carries the header of `service_events` may put events of `aws.` sources, as
ministack's own services do. A function that a rule started is retried and its event kept, as after any other
asynchronous invocation. And CloudFormation deletes and names as AWS's does (`strict_cloudformation`).
Everything else is configured by the environment (see `local.environment`).
"""

import json
import sys
from typing import Any

from ministack import app
from ministack.services import eventbridge, lambda_svc

from console.cloud import strict_cloudformation
from console.cloud.service_events import SERVICE_HEADER
from console.cloud.watchdog import end_with_parent

handle_as_ministack = eventbridge.handle_request


async def handle_request(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:  # noqa: ANN401
    """EventBridge, where AWS's services (here: whoever carries the header) may use their own source."""
    if SERVICE_HEADER in headers and headers.get("x-amz-target", "").endswith(".PutEvents"):
        return eventbridge._put_events(json.loads(body), allow_aws_source=True)  # noqa: SLF001 - its one emitter
    return await handle_as_ministack(method, path, headers, body, query)


def invoke_as_lambda_does(arn: str, payload: str) -> None:
    """Invoke a rule's target with retries and the on-failure destination.

    FACTS E3: ministack does neither here, though its `invoke_async_with_retry` is meant for rules too (its docstring).
    """
    function, configuration, _ = lambda_svc._get_func_record_for_ref(arn)  # noqa: SLF001 - as ministack's own
    if function and configuration:
        record = lambda_svc._execution_record_for_config(function, configuration)  # noqa: SLF001
        lambda_svc.invoke_async_with_retry(record, json.loads(payload))


def main() -> None:
    """Serve until killed."""
    end_with_parent()
    eventbridge.handle_request = handle_request
    eventbridge._dispatch_to_lambda = invoke_as_lambda_does  # noqa: SLF001
    strict_cloudformation.install()
    sys.argv = ["ministack"]
    app.main()


if __name__ == "__main__":
    main()
