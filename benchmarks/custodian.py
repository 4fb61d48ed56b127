"""Cloud Custodian's containment, run by the Python of .venv-c7n: `python custodian.py INSTANCE GROUP`.

One policy, as its documentation would write it: the tagged instance, `modify-security-groups`. Standard output: when it
began, by `time.monotonic()`, once everything was imported and the policy loaded: that is Custodian in process.
"""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from c7n.config import Config
from c7n.loader import PolicyLoader
from c7n.resources import load_resources


def main() -> None:
    """Run the policy once."""
    instance_id, group_id = sys.argv[1:]
    load_resources(("aws.ec2",))
    with TemporaryDirectory() as output:
        config = Config.empty(region="eu-central-1", account_id="123456789012", output_dir=str(Path(output)))
        policy = {
            "name": "contain",
            "resource": "aws.ec2",
            "query": [{"instance-id": instance_id}],
            "filters": [{"tag:SecurityIsolation": "Isolate"}],
            "actions": [{"type": "modify-security-groups", "remove": "all", "isolation-group": group_id}],
        }
        (loaded,) = PolicyLoader(config).load_data({"policies": [policy]}, "memory://").policies
        sys.stdout.write(f"{time.monotonic()}\n")
        loaded.run()


if __name__ == "__main__":
    main()
