"""The report of a study: a page for the browser, tables, plots, and two studies compared."""
