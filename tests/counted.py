"""What the tests counted: told at the end of a run, whichever process ran them, in its own section."""

from collections.abc import Callable

import pytest

Counted = Callable[[str], None]
_COUNTED = "counted"


@pytest.fixture
def counted(record_property: Callable[[str, object], None]) -> Counted:
    """Takes a line that the run tells at its end."""
    return lambda line: record_property(_COUNTED, line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell the lines, in the order of the files."""
    told = sorted(
        (report.nodeid, str(value))
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, value in report.user_properties
        if name == _COUNTED
    )
    if told:
        terminalreporter.section("counted")
        for _, line in told:
            terminalreporter.write_line(line)
