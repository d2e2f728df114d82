"""What looks like an attempt to instruct a model, and what is personal.

In: a text. Out: the spans of it that try to give orders, each with the rule that found it; the text
without them, as a prompt may have it; and texts with personal data masked. Nothing is stored here.
"""
