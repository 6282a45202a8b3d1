"""Azure Storage and its emulator through the official SDKs, which are imported at first use."""
