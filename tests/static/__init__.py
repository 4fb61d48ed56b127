"""Static checks that need the template as CloudFormation gets it: `make check` runs them, `python -m tests.static`."""
