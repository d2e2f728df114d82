"""The suites that are shipped for authors of engines get pytest's explanations of asserts too."""

import pytest

pytest.register_assert_rewrite(
    "twin.testing.vector_store_points",
    "twin.testing.vector_store_search",
    "twin.testing.warehouse_authors",
    "twin.testing.warehouse_documents",
    "twin.testing.warehouse_durability",
    "twin.testing.warehouse_feed",
    "twin.testing.warehouse_feedback",
    "twin.testing.warehouse_quarantine",
    "twin.testing.warehouse_transfer",
)
