"""Blobs: trigger, input and output."""
