"""Crash tests: processes that are killed while they write, and what is left afterwards."""
