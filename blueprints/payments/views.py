"""The payments views."""
