"""Runs the checks; exit code 1 where something is found that is not accepted, or accepted and no longer found."""

import sys

from tests.static.accepted import ACCEPTED, PARAMETERS
from tests.static.found import Found
from tests.static.guard import found as by_guard
from tests.static.plain import plain
from tests.static.policies import documents
from tests.static.policies import found as by_parliament


def everything() -> set[Found]:
    """What all checks find in all stacks."""
    found: set[Found] = set()
    for stack, parameters in PARAMETERS.items():
        found |= set(by_guard(stack, plain(**parameters)))
        found |= set(by_parliament(stack, documents(**parameters)))
    return found


def main() -> int:
    """Print what is wrong; answer the exit code."""
    found = everything()
    for one in sorted(found - set(ACCEPTED)):
        sys.stdout.write(f"{one.tool}: {one.rule}: {one.place} (stack {one.stack})\n")
    for one in sorted(set(ACCEPTED) - found):
        sys.stdout.write(f"{one.tool}: {one.rule}: {one.place} (stack {one.stack}): accepted, but no longer found\n")
    sys.stdout.write(f"cfn-guard and parliament: {len(found & set(ACCEPTED))} findings are accepted, with reasons\n")
    return int(found != set(ACCEPTED))


if __name__ == "__main__":
    sys.exit(main())
