"""From passages to an answer.

In: a question and who asks. Out: a stream of events: steps, tokens, and sources with exact spans.
"""
