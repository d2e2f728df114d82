"""One polite way to the web, for every reader.

In: an address and the `[fetch]` settings. Out: `Fetched`, or an error of the `FetchError` branch.
Nothing here knows what a page says; that is the readers' business.
"""
