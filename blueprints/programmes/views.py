"""The programmes views."""
