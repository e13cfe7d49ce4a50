"""The parts of bench/wire."""
