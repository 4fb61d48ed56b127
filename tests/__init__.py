"""Tests; they assert the state of the world, on strict moto or on the emulator."""
