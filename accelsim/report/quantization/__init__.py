"""Errors of quantised weights as text, tables and plots."""
