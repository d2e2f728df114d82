"""What every vector store must pass.

In: a subclass that says how the store is opened. Out: the tests of `twin.points.VectorStore`::

    class TestMyStore(VectorStoreContract):
        @pytest.fixture
        def opener(self, tmp_path):
            return functools.partial(MyStore, tmp_path / "index")

`opener` is a callable without arguments that opens one and the same store at every call; the one
before is closed by then. A store that keeps nothing once it is closed sets ``durable = False``.
"""

from twin.testing.vector_store_points import PointsContract
from twin.testing.vector_store_search import SearchContract


class VectorStoreContract(PointsContract, SearchContract):
    """All of the vector store's contract; a subclass gives the fixture `opener`."""
