"""Run as a script in a fresh process: says, as JSON, the seconds of CPU of each phase of one function's start."""

import importlib
import json
import sys
import time
from types import SimpleNamespace

PHASES = ("interpreter", "botocore", "Powertools", "Quarantag's modules", "clients, policy, refused event")
_IMPORTED = (("botocore.session", "botocore.config", "botocore.loaders"), ("aws_lambda_powertools",))


def main(code: str, function: str) -> None:
    """Import from `code` what the function imports, part by part, and give it an event that it refuses."""
    sys.path.insert(0, code)
    ends = [time.process_time()]
    for modules in (*_IMPORTED, (function,)):
        for module in modules:
            importlib.import_module(module)
        ends.append(time.process_time())
    errors = importlib.import_module("quarantag.errors")
    try:
        sys.modules[function].handler({}, SimpleNamespace(aws_request_id="request"))
    except errors.QuarantagError:
        ends.append(time.process_time())
    sys.stdout.write(json.dumps([end - begin for begin, end in zip([0.0, *ends], ends, strict=False)]) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
