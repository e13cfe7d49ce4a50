"""The parts of bench/base."""
