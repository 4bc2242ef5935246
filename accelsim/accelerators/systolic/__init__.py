"""Dense systolic arrays, weight- and output-stationary."""
