"""Proof by enumeration: an in-memory world behind the ports, faults at every call of them, and what must hold after."""
