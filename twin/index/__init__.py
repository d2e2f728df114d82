"""From documents to vectors, and back to exact passages.

In: documents and the components that cut and embed them. Out: points in a vector store, each of
which leads to the span of the version that it was cut from.
"""
