"""The event simulator: a mapping, played out in time."""
