"""FuseMax (MICRO 2024): published figures of it, of FLAT and of the unfused baseline."""

TITLE = "FuseMax (MICRO 2024), with FLAT and an unfused array beside it"
