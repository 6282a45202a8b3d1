"""The queue trigger and output."""
