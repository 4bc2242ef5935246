"""One folder a system: its published figures and what is particular to it."""
