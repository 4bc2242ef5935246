"""Dense systolic arrays, weight- and output-stationary."""

TITLE = "integer systolic array with scratchpads and AXI, two dataflows; hardware"
