"""What every warehouse engine must pass.

In: a subclass that says how the engine is opened. Out: the tests of the protocol::

    class TestMyEngine(WarehouseContract):
        @pytest.fixture
        def opener(self, tmp_path):
            return functools.partial(MyWarehouse, tmp_path / "warehouse")

`opener` is a callable without arguments that opens one and the same warehouse at every call, from
any process: it must be picklable.
"""

from twin.testing.warehouse_authors import AuthorsContract
from twin.testing.warehouse_documents import DocumentsContract
from twin.testing.warehouse_durability import DurabilityContract
from twin.testing.warehouse_enrichment import EnrichmentContract
from twin.testing.warehouse_feed import FeedContract
from twin.testing.warehouse_feedback import FeedbackContract
from twin.testing.warehouse_quarantine import QuarantineContract
from twin.testing.warehouse_transfer import TransferContract


class WarehouseContract(
    DocumentsContract,
    FeedContract,
    AuthorsContract,
    FeedbackContract,
    QuarantineContract,
    EnrichmentContract,
    TransferContract,
    DurabilityContract,
):
    """All of the warehouse's contract; a subclass gives the fixture `opener`."""
