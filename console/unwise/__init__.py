"""What a policy may say, and its author may not have thought of: each module warns of one thing. Pure."""
