"""The certificates views."""
