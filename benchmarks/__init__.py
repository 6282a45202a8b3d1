"""Benchmarks: `scripts/bench NAME` runs one."""
