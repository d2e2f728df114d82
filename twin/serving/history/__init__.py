"""What was asked and answered, kept over restarts, in SQLite or in PostgreSQL.

In: what Chainlit says of conversations. Out: the same, as it was, with thumbs and sources.
"""
