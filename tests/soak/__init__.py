"""What takes minutes: `python -m pytest tests/soak`, asked for by `QUARANTAG_SOAK=1`, as `make soak` does."""
