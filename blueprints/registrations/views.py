"""The registrations views."""
