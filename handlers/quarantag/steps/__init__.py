"""What can be done to an instance, one file a concern: each step says its IAM actions and what undoes it."""
