"""The warm-up trigger."""
