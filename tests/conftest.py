"""Fixtures for every test: the in-process cloud, the functions of `tests/stack.py`, and who operates them."""

pytest_plugins = [
    *(
        "tests.cloud",
        "tests.invocation",
        "tests.stack",
        "tests.operators",
        "tests.stacklives",
        "tests.measures.keeping",
        "tests.counted",
    ),
]
