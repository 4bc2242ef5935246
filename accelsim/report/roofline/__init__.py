"""Pictures of a roofline: charts for print and one interactive page."""
