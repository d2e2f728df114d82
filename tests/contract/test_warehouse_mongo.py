"""MongoDB passes the suite of every engine, over a socket, against two servers that speak it."""

import uuid
from collections.abc import Iterator
from functools import partial

import pytest

pytest.importorskip("pymongo", reason="pymongo is not installed (it is in the extra mongo)")

from tests.servers import NX, SECANTUS, SECANTUS_ALONE, MongoServer, mongo_server
from twin.testing.warehouse import WarehouseContract
from twin.testing.warehouse_fixtures import Opener
from twin.warehouse.mongo import MongoWarehouse


class OnServer(WarehouseContract):
    """A database of its own for every test, on one server for all of a class."""

    @pytest.fixture
    def opener(self, server: MongoServer) -> Opener:
        return partial(MongoWarehouse, server.url, f"twin-{uuid.uuid4().hex}")


@pytest.fixture(scope="module")
def replica_set(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoServer]:
    with mongo_server(tmp_path_factory.mktemp(SECANTUS), SECANTUS) as server:
        yield server


@pytest.fixture(scope="module")
def standing_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoServer]:
    with mongo_server(tmp_path_factory.mktemp("alone"), SECANTUS_ALONE) as server:
        yield server


@pytest.fixture(scope="module")
def second_opinion(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoServer]:
    with mongo_server(tmp_path_factory.mktemp(NX), NX) as server:
        yield server


class TestReplicaSet(OnServer):
    @pytest.fixture
    def server(self, replica_set: MongoServer) -> MongoServer:
        return replica_set


class TestWithoutChangeStreams(OnServer):
    @pytest.fixture
    def server(self, standing_alone: MongoServer) -> MongoServer:
        return standing_alone


class TestNX(OnServer):
    @pytest.fixture
    def server(self, second_opinion: MongoServer) -> MongoServer:
        return second_opinion

    @pytest.mark.skip(
        reason="nx-27017 keeps the transactions of all sessions in one SQLite connection, where "
        "one ends another's"
    )
    def test_processes_lose_nothing(self, opener: Opener) -> None:
        raise AssertionError(opener)
