"""Programs that print figures and ratios; each takes --json and then ends with one JSON object."""
