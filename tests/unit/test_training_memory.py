"""The memory formula, held to figures that others have published."""

from dataclasses import dataclass
from typing import Any

import pytest

from twin.training.memory import estimate, load_of
from twin.training.shapes import KNOWN, Shape

GIB, GB = 2**30, 10**9
EXAMPLES = "https://github.com/axolotl-ai-cloud/axolotl/blob/main/examples"

SEED_OSS = Shape(
    hidden=5120,
    layers=64,
    heads=80,
    kv_heads=8,
    head_dim=128,
    intermediate=27648,
    vocabulary=155136,
)
APERTUS = Shape(
    hidden=4096,
    layers=32,
    heads=32,
    kv_heads=8,
    head_dim=128,
    intermediate=21504,
    vocabulary=131072,
    gated=False,
)
MISTRAL_SMALL = Shape(
    hidden=5120,
    layers=40,
    heads=32,
    kv_heads=8,
    head_dim=128,
    intermediate=32768,
    vocabulary=131072,
)
QWEN3_4B = Shape(
    hidden=2560,
    layers=36,
    heads=32,
    kv_heads=8,
    head_dim=128,
    intermediate=9728,
    vocabulary=151936,
    tied=True,
)
OPEN_LLAMA_3B = Shape(
    hidden=3200,
    layers=26,
    heads=32,
    kv_heads=32,
    head_dim=100,
    intermediate=8640,
    vocabulary=32000,
)

QLORA: dict[str, Any] = {
    "adapter": "qlora",
    "load_in_4bit": True,
    "lora_r": 32,
    "lora_dropout": 0.05,
    "micro_batch_size": 2,
    "sequence_len": 2048,
    "optimizer": "adamw_bnb_8bit",
    "gradient_checkpointing": True,
    "bf16": "auto",
}
FUSED = {"plugins": ["axolotl.integrations.cut_cross_entropy.CutCrossEntropyPlugin"]}


@dataclass(frozen=True)
class Published:
    """A run whose memory somebody measured, and where they say so."""

    shape: Shape
    config: dict[str, Any]
    memory: float
    source: str


PUBLISHED = {
    "Seed-OSS 36B, QLoRA": Published(
        SEED_OSS, QLORA | FUSED, 27.7 * GIB, f"{EXAMPLES}/seed-oss/README.md"
    ),
    "Magistral Small 24B, QLoRA": Published(
        MISTRAL_SMALL, QLORA | FUSED, 19.1 * GIB, f"{EXAMPLES}/magistral/think/README.md"
    ),
    "Magistral Small 24B, QLoRA, logits held": Published(
        MISTRAL_SMALL, QLORA, 24 * GB, f"{EXAMPLES}/magistral/README.md (of October 2025)"
    ),
    "Devstral Small 24B, QLoRA, AdamW of torch": Published(
        MISTRAL_SMALL,
        QLORA | FUSED | {"lora_dropout": 0, "optimizer": "adamw_torch"},
        21 * GB,
        f"{EXAMPLES}/devstral/README.md",
    ),
    "Apertus 8B, QLoRA": Published(
        APERTUS, QLORA | FUSED, 8.7 * GIB, f"{EXAMPLES}/apertus/README.md"
    ),
    "Plano (Qwen3) 4B, QLoRA": Published(
        QWEN3_4B, QLORA | FUSED, 5.1 * GIB, f"{EXAMPLES}/plano/README.md"
    ),
    "OpenLLaMA 3B, full": Published(
        OPEN_LLAMA_3B,
        {
            "micro_batch_size": 1,
            "sequence_len": 1024,
            "optimizer": "adamw_bnb_8bit",
            "gradient_checkpointing": True,
            "bf16": "auto",
        },
        21 * GB,
        "https://github.com/axolotl-ai-cloud/axolotl/pull/602",
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_figure_is_met_within_fifteen_per_cent(name: str) -> None:
    published = PUBLISHED[name]
    told = estimate(published.shape, load_of(published.config)).total
    assert told == pytest.approx(published.memory, rel=0.15), (
        f"{told / GIB:.1f} GiB, {published.source}"
    )


def test_the_terms_of_llama_are_those_of_its_paper() -> None:
    llama = KNOWN["meta-llama/llama-3.1-8b"]
    assert llama.parameters == pytest.approx(8.03e9, rel=0.001)
    # 41.9 million at rank 16: what PEFT prints for Llama 3.1 8B with all linear layers.
    assert llama.adapter(16) == 41_943_040


def test_what_saves_memory_lowers_the_estimate() -> None:
    llama = KNOWN["meta-llama/llama-3.1-8b"]

    def total(**changes: Any) -> int:
        return estimate(llama, load_of(QLORA | changes)).total

    assert total(load_in_4bit=False) > total(load_in_8bit=True, load_in_4bit=False) > total()
    assert total(gradient_checkpointing=False) > 2 * total()
    assert total(rl="dpo") > total()
    assert total(sequence_len=512) < total()
    assert total(optimizer="adamw_torch") > total()
    assert total(liger_fused_linear_cross_entropy=True) < total()
    assert total(bf16=False, fp16=False) > total()


def test_gpus_that_share_the_weights_need_less_each() -> None:
    llama = KNOWN["meta-llama/llama-3.1-8b"]
    full = {"micro_batch_size": 1, "sequence_len": 4096, "optimizer": "adamw_torch_fused"}
    alone = estimate(llama, load_of(full, 4))
    spread = estimate(llama, load_of(full | {"fsdp_config": {"offload_params": False}}, 4))
    assert spread.weights == pytest.approx(alone.weights / 4, rel=0.01)
    assert spread.checkpoints == alone.checkpoints
