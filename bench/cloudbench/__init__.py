"""The parts of bench/stores."""
