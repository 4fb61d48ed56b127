"""The report: one HTML file that needs no network, with its data, its charts' library (Plotly's own bundle) and style.

Findings are written by others: their texts are data in a JSON block, in which nothing can end the block, and the page
puts them into the document as text only (`page/report.js`). A content security policy forbids every request.
"""

import base64
import gzip
import hashlib
import json
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from console.replay.engine import EVERY_RULE, Question, threshold
from console.replay.guardrails import Outcome
from console.replay.run import Replayed
from console.replay.summary import Document, settled
from console.replay.tally import ACTIONS, PLACE, UNDATED, Part

ASSETS = ("report.html", "report.css", "report.js")
STEPS = [step / 10 for step in range(10, 101)]
MOST_ROWS = 2_000
"""Of a list; the page says how many there are."""
HOUR, DAY, MONTH = len("2026-11-01T10"), len("2026-11-01"), len("2026-11")
MOST_DAYS_BY_HOUR, MOST_DAYS_BY_DAY = 14, 400
"""A longer period is drawn by days, and a still longer one by months."""


def write(path: Path, document: Document, replayed: Replayed) -> None:
    """Write the report; raises `OSError`."""
    path.write_text(page(data(document, replayed)), encoding="utf-8")


def data(document: Document, replayed: Replayed) -> Document:
    """All that the page shows."""
    lists = ("instances", "held_instances", "limits", "by_type", "by_rule")
    long = {name: document[name][:MOST_ROWS] for name in lists}
    return {
        **document,
        **long,
        "totals": {name: len(document[name]) for name in lists} | {"changes": len(replayed.changes)},
        "changes": replayed.changes.first(MOST_ROWS),
        "rejections": replayed.rejections.first(100),
        "over_time": over_time(replayed.part, replayed.outcome),
        "severities": severities(replayed.part, replayed.outcome),
        "as_is": as_is(replayed),
        "curves": curves(replayed.part, replayed.question),
        "steps": STEPS,
    }


def over_time(part: Part, outcome: Outcome) -> Document:
    """Decisions by action, after limits, and new instances, in each hour, day or month (UTC) that has any."""
    hours = {hour: list(counts) for hour, counts in part.hours.items() if hour != UNDATED}
    for (hour, _, _), number in outcome.held.items():
        if hour != UNDATED:
            hours[hour][PLACE["isolate"]] -= number
            hours[hour][PLACE["hold"]] += number
    width = _width(hours)
    found: dict[str, list[int]] = defaultdict(lambda: [0] * len(ACTIONS))
    for hour, counts in hours.items():
        found[hour[:width]] = [mine + more for mine, more in zip(found[hour[:width]], counts, strict=True)]
    isolated = Counter(f"{one.at:%Y-%m-%dT%H}"[:width] for one in outcome.contained if one.at)
    at = sorted({*found, *isolated})
    series = {action: [found[one][PLACE[action]] for one in at] for action in ACTIONS}
    return {
        "at": [f"{one}:00" if width == HOUR else one for one in at],
        **series,
        "instances": [isolated[one] for one in at],
    }


def _width(hours: Iterable[str]) -> int:
    days = sorted(datetime.fromisoformat(hour[:DAY]) for hour in hours)
    span = (days[-1] - days[0]).days if days else 0
    return HOUR if span < MOST_DAYS_BY_HOUR else DAY if span < MOST_DAYS_BY_DAY else MONTH


def severities(part: Part, outcome: Outcome) -> list[Document]:
    """How often which type of which severity was decided how, after limits; the page adds up what it filters."""
    found: Counter[tuple[str, float, str, str | None]] = Counter()
    for (kind, verdict), number in settled(part, outcome, other=False).items():
        found[(kind.type, kind.severity, verdict.action, verdict.rule)] += number
    names = ("type", "severity", "action", "rule")
    return [{**dict(zip(names, one, strict=True)), "decisions": number} for one, number in found.most_common(MOST_ROWS)]


def as_is(replayed: Replayed) -> Document:
    """Isolations and distinct instances of the policy as it is, before limits: what the curves are compared with."""
    isolating = [noted.who for noted in replayed.noted if noted.kind.verdicts.verdict.action == "isolate"]
    return {"isolations": len(isolating), "instances": len(set(isolating))}


def curves(part: Part, question: Question) -> list[Document]:
    """For each curve the isolations and the distinct instances at each step, before limits."""
    rules = {rule.id: rule for rule in question.policy.rules}
    found = []
    for number, curve in enumerate(question.curves):
        isolations: Counter[int] = Counter()
        for kind, times in part.kinds.items():
            isolations[_steps_up_to(kind.verdicts.reach[number])] += times
        instances = Counter(_steps_up_to(reach[number]) for reach in part.reaches.values())
        now = threshold(rules[curve.rule]) if curve.rule != EVERY_RULE else None
        found.append(
            {
                "rule": curve.rule or None,
                "now": now,
                "isolations": _at_each_step(isolations),
                "instances": _at_each_step(instances),
            }
        )
    return found


def _steps_up_to(reach: float) -> int:
    """At how many steps, from the lowest, an isolation with this reach happens."""
    return bisect_right(STEPS, reach)


def _at_each_step(reaching: Mapping[int, int]) -> list[int]:
    return [sum(times for reach, times in reaching.items() if reach > step) for step in range(len(STEPS))]


def page(shown: Document) -> str:
    """The page with this data. Only its own two scripts may run in it, whatever a finding says."""
    assets = {name: files(__package__).joinpath("page", name).read_text("utf-8") for name in ASSETS}
    bundle = files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()
    filled = {
        "POLICY": _content_policy(assets["report.js"].encode(), bundle),
        "STYLE": assets["report.css"],
        "DATA": embedded(shown),
        "LIBRARY": base64.b64encode(gzip.compress(bundle, mtime=0)).decode(),
        "SCRIPT": assets["report.js"],
    }
    pieces = assets["report.html"].split("@@")
    return "".join(filled[piece] if number % 2 else piece for number, piece in enumerate(pieces))


def _content_policy(*scripts: bytes) -> str:
    """No request at all, and no script but these (https://www.w3.org/TR/CSP3/); Plotly writes styles."""
    hashes = (base64.b64encode(hashlib.sha256(script).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{one}'" for one in hashes)
    return f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'"


def embedded(shown: Document) -> str:
    """JSON that may stand in a script element: nothing in it can end that, or begin a comment of HTML.

    https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements
    """
    return (
        json.dumps(shown, separators=(",", ":")).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    )
