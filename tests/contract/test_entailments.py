"""Every entailment model passes the same suite: what the product offers, over small random weights."""

from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_models import LABELS, SMALL, random_cross_encoder
from twin.basics.entailments import COMPONENTS, NLIOptions
from twin.components import BuildContext, Entailment
from twin.testing.entailment import EntailmentContract


@pytest.fixture(scope="module")
def nli(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_cross_encoder(tmp_path_factory.mktemp("nli"), SMALL, 3, LABELS)


class OnBackend(EntailmentContract):
    backend: Any = "auto"

    @pytest.fixture
    def model(self, nli: Path, tmp_path: Path) -> Entailment:
        options = NLIOptions(model=str(nli), device="cpu", backend=self.backend)
        return COMPONENTS[0].build(options, BuildContext(cache=tmp_path, data=tmp_path))


class TestOnOpenVINO(OnBackend):
    backend = "openvino"


class TestOnTorch(OnBackend):
    backend = "torch"
