"""The parts of bench/catalogue."""
