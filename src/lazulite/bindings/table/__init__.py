"""Tables: input and output."""
