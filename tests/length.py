"""What `make soak` runs beside tests/soak: with all of it `make test` would take longer than twenty minutes."""

import os

import pytest

soak_only = pytest.mark.skipif("QUARANTAG_SOAK" not in os.environ, reason="takes minutes: make soak")
