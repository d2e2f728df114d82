"""Account exports, as folders or as ZIPs, read alike and safely.

In: a path, and bounds. Out: `Export`: the files inside by their relative paths, each opened when it
is asked for, and what was left out with the reason. Nothing is ever unpacked to disk. What an
archive's headers say of sizes is not believed: bytes are counted as they come.
"""
