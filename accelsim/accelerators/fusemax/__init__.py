"""FuseMax (MICRO 2024): published figures of it, of FLAT and of the unfused baseline."""
