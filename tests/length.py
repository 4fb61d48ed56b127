"""What `make soak` runs beside tests/soak: with all of it `make test` would take longer than twenty minutes."""

import os

import pytest

SOAKING = "QUARANTAG_SOAK" in os.environ
soak_only = pytest.mark.skipif(not SOAKING, reason="takes minutes: make soak")
