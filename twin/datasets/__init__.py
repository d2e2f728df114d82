"""Sets for training, from the person's own words: made, curated, held to gates, written, checked.

In: documents at rest, and where there is one a teacher. Out: folders of JSON lines that Axolotl reads,
each with its manifest, card and plots. A target is always an exact span of what the person wrote, or
what they wrote in the chat as a correction; whatever a model wrote stands in a prompt or is rejected.
"""
