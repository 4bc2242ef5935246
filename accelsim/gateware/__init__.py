"""Hardware: parts in Amaranth, arrays of PEs, and how they are simulated and synthesised."""
