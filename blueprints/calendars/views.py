"""The calendars views."""
