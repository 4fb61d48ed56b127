"""`quarantag policy replay`: what a policy would have done to findings of the past, by the functions' own engine.

Reading order: `pieces` cuts files, `facts` decodes a usual record, `likeness` says which are alike, `deciding` asks
`engine` (which asks `decide`) once for all that are alike and counts into `tally`; `run` adds up what several
processes counted; `guardrails` plays limits in event time; `summary` is the answer, for `screen` and `report`.
"""

import sys
from contextlib import suppress
from datetime import UTC, datetime

from console.replay import given, pieces, run, summary
from console.replay.engine import Question
from console.replay.given import BadRequest, Request
from console.replay.run import Replayed
from quarantag.errors import QuarantagError

__all__ = ["Request", "replay"]


def replay(request: Request, *, as_json: bool) -> int:
    """Answer on stdout; answers the exit code: 0, or 2 with one line on stderr. Rejected records do not fail it."""
    try:
        question = given.question(request, datetime.now(UTC))
        replayed = _live(request, question) if request.live else _files(request, question)
        names = {"policy": str(request.policy), "against": str(request.against) if request.against else None}
        document = summary.summary(replayed, names)
        if request.html:
            _write_report(request, document, replayed)
    except (BadRequest, pieces.NoFindings) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except QuarantagError as error:  # of --live: what AWS refuses, or can't be reached for
        sys.stderr.write(f"quarantag: {' '.join(str(error).split())}\n")
        return 2
    _answer(document, replayed, request, as_json=as_json)
    return 0


def _files(request: Request, question: Question) -> Replayed:
    from console.replay.screen import progress  # noqa: PLC0415 (lazy: a mistake in the usage does not pay for rich)

    if not request.paths:
        raise BadRequest("no findings: name files or folders of findings, or write --live")
    found = pieces.pieces(request.paths)
    with progress(sum(piece.size for piece in found)) as told:
        return run.replay(question, found, request.jobs or run.usual_jobs(), told)


def _live(request: Request, question: Question) -> Replayed:
    from console.replay import live  # noqa: PLC0415 (lazy: only this one needs the SDK)
    from console.replay.screen import progress  # noqa: PLC0415

    if request.paths:
        raise BadRequest("--live reads GuardDuty: leave the paths out, or --live")
    began = given.since(request.since, question.began)
    account = live.Account(request.region, request.profile)
    question = live.with_tags(question, account)
    with progress(None) as told:
        return run.replay_documents(question, account.findings(began), told)


def _answer(document: summary.Document, replayed: Replayed, request: Request, *, as_json: bool) -> None:
    lists = {"rejections": replayed.rejections.texts()}
    if request.against:
        lists["changes"] = replayed.changes.texts()
    if as_json:
        with suppress(BrokenPipeError):
            sys.stdout.writelines(summary.as_json(document, lists))
        return
    from console.replay.screen import show  # noqa: PLC0415

    show(document, replayed.changes, replayed.rejections)
    if request.html:
        sys.stdout.write(f"The report is in {request.html}\n")


def _write_report(request: Request, document: summary.Document, replayed: Replayed) -> None:
    from console.replay import report  # noqa: PLC0415

    if request.html is None:
        return
    try:
        report.write(request.html, document, replayed)
    except OSError as error:
        raise BadRequest(f"{request.html}: can't be written: {error.strerror}: name another file") from error
