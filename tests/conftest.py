"""Fixtures for every test: the in-process cloud of `tests/cloud.py`."""

pytest_plugins = ["tests.cloud"]
