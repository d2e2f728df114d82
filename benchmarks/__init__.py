"""Measurements that anyone can repeat: one command each, ratios in one run, results as JSON."""
