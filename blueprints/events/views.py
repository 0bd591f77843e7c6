"""The events views."""
