"""One function in a fresh process, as Lambda starts it: run as a script, so that nothing else of ours is loaded.

Arguments: the code root and the function's module. Standard input: the events, as one JSON list. The environment is
the function's. Standard output: `{"peak_kib", "cold", "first", "warm"}`: peak resident memory in KiB; seconds of CPU
from the process's start until the function's module is imported, during its first event, and during each later one.
"""

import importlib
import json
import resource
import sys
import time
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace


def main() -> None:
    """Import, call once for each event, and say what it took."""
    root, function = sys.argv[1:]
    sys.path[0] = root  # this script's own directory is not on Lambda's path
    events = json.loads(sys.stdin.read())
    importlib.import_module("awslambdaric.bootstrap")
    module = importlib.import_module(function)
    spent = [time.process_time()]
    for number, event in enumerate(events):
        module.handler(event, SimpleNamespace(aws_request_id=f"request-{number}"))
        spent.append(time.process_time())
    first, *warm = (after - before for before, after in pairwise(spent))
    sys.stdout.write(json.dumps({"peak_kib": peak_kib(), "cold": spent[0], "first": first, "warm": warm}))


def peak_kib() -> int:
    """Peak resident memory of this process alone.

    On Linux the high-water mark of the address space (proc_pid_status(5), VmHWM): `ru_maxrss` survives `execve`, so it
    would be that of the process that started this one (getrusage(2)). macOS gives `ru_maxrss` in bytes.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // 1024 if sys.platform == "darwin" else most


if __name__ == "__main__":
    main()
