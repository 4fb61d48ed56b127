"""What tests count is told at the end, also where another process ran them or the test failed."""

import pytest

pytest_plugins = ["pytester"]
COUNTING = """
def test_first(counted):
    counted("7 cells")
    assert False

def test_second(counted):
    counted("3 attacks denied")
"""


@pytest.mark.parametrize("processes", ["0", "2"])
def test_counts_are_told_at_the_end_of_the_run(pytester: pytest.Pytester, processes: str) -> None:
    pytester.makepyfile(COUNTING)
    run = pytester.runpytest_subprocess("-p", "tests.counted", "--numprocesses", processes)
    run.stdout.fnmatch_lines(["*= counted =*", "7 cells", "3 attacks denied"], consecutive=True)


def test_nothing_is_told_where_nothing_is_counted(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_plain():\n    pass\n")
    run = pytester.runpytest_subprocess("-p", "tests.counted")
    run.stdout.no_fnmatch_line("*= counted =*")
