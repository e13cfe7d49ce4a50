"""What the benchmarks share: running and timing commands, stores, reports."""
