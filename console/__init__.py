"""The `quarantag` command: policy workbench and local cloud; runs from a checkout, never uploaded."""
