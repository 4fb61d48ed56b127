"""IAM's answers, from a policy simulator: README.md beside this file."""
