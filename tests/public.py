"""The public findings, which lie beside the repository and are never copied into it."""

import os
from pathlib import Path

CORPUS = Path(os.environ.get("QUARANTAG_FINDINGS") or Path(__file__).parents[2] / "shared" / "findings")
ABSENT = not (CORPUS / "index.jsonl").is_file()
WHY_SKIPPED = "no corpus of public findings: set QUARANTAG_FINDINGS to its directory"
