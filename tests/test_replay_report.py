"""The replay's report, in a real Chromium: it moves, it filters, it logs no error and asks the network for nothing."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests import browser
from tests.browser import DESKTOP, PHONE, Seen, launched, opened
from tests.replays import DEFAULT, STRICT, at, instance, typed, written

HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
FINDINGS = [
    *(at(f"10:{n:02}:00", instance(n), severity=(7, 8, 8.5)[n % 3]) for n in range(14)),
    at("11:00:00", instance(20), type="UnauthorizedAccess:EC2/TorRelay", id="the tor one"),
    at("11:30:00", instance(21), type=f"Trojan:EC2/{HOSTILE}", title=HOSTILE, id=f"<b>{HOSTILE}", region="<i>eu</i>-1"),
    at("12:00:00", instance(22), severity=2),
    {"id": HOSTILE, "severity": "<!--"},
]

pytestmark = pytest.mark.skipif(browser.CHROMIUM is None, reason=browser.WHY_SKIPPED)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    file = folder / "<b>.jsonl"
    written(folder, FINDINGS, file.name)
    out = folder / "report.html"
    result = typed(file, "--policy", DEFAULT, "--against", STRICT, "--html", out)
    assert result.exit_code == 0, result.output
    return out


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as found:
        yield found


@pytest.fixture(scope="module")
def seen(chromium: Browser, report: Path) -> Iterator[Seen]:
    with opened(chromium, report) as found:
        yield found


def rows(seen: Seen, table: str) -> int:
    return seen.page.locator(f"#{table} tbody tr").count()


def test_a_manager_reads_the_figures(seen: Seen) -> None:
    assert seen.page.inner_text("h1") == "What default.yaml would have done"
    cards = seen.page.inner_text("#cards")
    assert re.search(r"15\s+instances isolated\s+strict.yaml: 16", cards)
    assert re.search(r"1 could not be read", cards)
    assert re.search(
        r"10 in 60 minutes for account\s+111122223333\s+eu-central-1\s+1\s+4\s+4", seen.page.inner_text("#limits")
    )
    assert seen.page.locator("#over-time .bars .point").count() > 0
    assert seen.page.locator("#severities .bars .point").count() > 0


def test_the_slider_moves_the_threshold(seen: Seen) -> None:
    slider, answer = seen.page.locator("#threshold"), seen.page.locator("#threshold-answer")
    assert slider.input_value() == "7"
    assert answer.inner_text() == "15 isolating decisions on 15 instances: the policy's own threshold"
    drawn = seen.page.inner_html("#threshold-curve .shapelayer >> nth=-1")
    slider.fill("8.2")
    assert seen.page.inner_text("#threshold-value") == "8.2"
    assert answer.inner_text() == (
        "4 isolating decisions on 4 instances; the policy as it is: 15 on 15 (11 instances fewer)"
    )
    assert seen.page.inner_html("#threshold-curve .shapelayer >> nth=-1") != drawn
    seen.page.select_option("#curve", label="all isolating rules together")
    slider.fill("1")
    assert answer.inner_text().startswith("17 isolating decisions on 17 instances; the policy as it is: 15 on 15")


def test_filters_hold_for_charts_and_tables(seen: Seen) -> None:
    assert rows(seen, "instances") == 10
    seen.page.get_by_role("button", name=re.compile("Show more .10 of 15")).click()
    assert rows(seen, "instances") == 15
    seen.page.fill("#search", instance(3))
    assert rows(seen, "instances") == 1
    assert seen.page.inner_text("#instances-count") == "(1 of 15)"
    seen.page.fill("#search", "torrelay")
    assert (rows(seen, "instances"), rows(seen, "changes"), rows(seen, "kinds")) == (0, 1, 1)
    assert seen.page.locator("#severities .xtick").all_text_contents() == ["8.0"]
    seen.page.fill("#search", "")
    seen.page.select_option("#action", "ignore")
    assert rows(seen, "kinds") == 1
    seen.page.fill("#severity", "9")
    assert rows(seen, "kinds") == 0
    seen.page.get_by_role("button", name="Clear").click()
    seen.page.locator("#kinds tbody tr >> nth=4").wait_for()
    seen.page.get_by_role("button", name="severity").last.click()
    assert seen.page.inner_text("#kinds tbody tr >> nth=0 >> td >> nth=3") == "2"


def test_what_findings_say_is_text(seen: Seen) -> None:
    seen.page.get_by_role("button", name="Clear").click()
    seen.page.fill("#search", "script")
    assert seen.page.title() == "Quarantag: what the policy would have done"
    assert HOSTILE in seen.page.inner_text("#kinds")
    seen.page.fill("#search", "<i>eu</i>-1")
    assert "<i>eu</i>-1" in seen.page.inner_text("#instances tbody")
    seen.page.fill("#search", "")
    assert seen.page.locator("main img, main i, main script").count() == 0


def test_it_asks_the_network_for_nothing_and_logs_no_error(seen: Seen, report: Path) -> None:
    assert [url for url in seen.requests if not url.startswith("data:")] == [report.as_uri()]
    assert seen.problems == []


def test_no_script_but_its_own_runs(chromium: Browser, report: Path, tmp_path: Path) -> None:
    """The page's own guard, were a text ever put into it as HTML."""
    spoiled = tmp_path / "spoiled.html"
    spoiled.write_text(report.read_text().replace("<header>", "<script>document.title='owned'</script><header>"))
    with opened(chromium, spoiled) as found:
        assert found.page.title() != "owned"
        assert any("Content Security Policy" in problem for problem in found.problems)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_the_screen_in_light_and_dark(
    chromium: Browser, report: Path, size: tuple[int, int], scheme: str
) -> None:
    with opened(chromium, report, size, scheme) as found:
        assert found.page.evaluate("document.documentElement.scrollWidth") == size[0]
        ground = found.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == ("rgb(246, 247, 249)" if scheme == "light" else "rgb(16, 21, 28)")
        assert found.problems == []


def test_a_policy_that_never_isolates_has_a_report_too(chromium: Browser, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    typed(written(tmp_path, FINDINGS), "--policy", DEFAULT.with_name("observe.yaml"), "--html", out)
    with opened(chromium, out) as found:
        assert found.page.inner_text("#threshold-answer").startswith("0 isolating decisions on 0 instances")
        assert found.problems == []
