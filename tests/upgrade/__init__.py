"""What each released version left in ledger, tags and roles, and whether today's code goes on from it (README.md)."""
