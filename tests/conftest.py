"""Fixtures for every test: the in-process cloud of `tests/cloud.py` and the functions of `tests/stack.py`."""

pytest_plugins = ["tests.cloud", "tests.stack"]
