"""What every chat model has in common, wherever it runs.

In: a `Speaker`, which says the parts of an answer. Out: a LlamaIndex `LLM` that streams, takes limits a
call, tells how the answer ended, and lets go of the model as soon as nobody listens.
"""
