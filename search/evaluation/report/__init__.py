"""An evaluation as tables, a page, plots and JSON."""
