"""The parts of bench/wal."""
