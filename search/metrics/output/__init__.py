"""Results of metrics as tables and plots."""
