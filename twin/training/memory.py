"""How much memory a run takes on one GPU, before it is started.

In: the shape of a base model and a configuration of Axolotl. Out: an `Estimate`, term by term. The
sum, with T = micro_batch_size x sequence_len tokens, P parameters in linear layers, E in embeddings,
A in the adapter (or all of them, in full fine-tuning), L layers, h and i their widths:

- weights: P x 4.127 bits for QLoRA (NF4 in blocks of 64 with an 8-bit constant each, and one of 32
  bits for every 256 of those: Dettmers et al. 2023, section 3), else 8 or 16; E x 16 bits.
- adapter: A x 32 bits. PEFT keeps it in float32 where the base is in four or eight bits, and so
  does Axolotl with `bf16: auto`; its gradients are as wide.
- optimizer: 2 bytes for each trained parameter by the 8-bit AdamW of bitsandbytes, 8 by torch's.
- checkpoints: L x T x h x 2 bytes, what gradient checkpointing keeps (Chen et al. 2016).
- one layer: what a layer needs while it is computed once more and differentiated: `_layer`.
- logits: T x vocabulary x (2 + 4 + 4) bytes: as computed, in float32 for the loss, and its
  gradient; none with a fused loss (Cut Cross-Entropy, Liger).
- preferences: in DPO a batch holds chosen and rejected, so T doubles; the reference is the same
  model without its adapter.
- overhead: CUDA's context, cuBLAS's workspace, and one dequantized weight.

`tests/unit/test_training_memory.py` holds it to published figures.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from twin.training.shapes import Shape

NF4_BITS: Final = 4 + 8 / 64 + 32 / (64 * 256)
OVERHEAD: Final = int(0.45 * 2**30)
"""Bytes of CUDA's context and cuBLAS's workspace: 300 to 500 MiB on the GPUs of today."""

CPU_OVERHEAD: Final = int(1.3 * 2**30)
"""Bytes of Python with torch, transformers and Axolotl imported (measured: 1.2 to 1.4 GiB)."""

EIGHT_BIT_OPTIMIZERS: Final = ("8bit", "bnb", "paged_adamw_8bit", "lion_8bit")
FUSED_LOSSES: Final = (
    "cut_cross_entropy",
    "liger_fused_linear_cross_entropy",
    "chunked_cross_entropy",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Bytes on one GPU, term by term."""

    weights: int
    adapter: int
    gradients: int
    optimizer: int
    checkpoints: int
    layer: int
    logits: int
    overhead: int

    @property
    def total(self) -> int:
        """Bytes in all."""
        return sum(getattr(self, item.name) for item in fields(self))

    def terms(self) -> dict[str, int]:
        """Return the terms by their names, with the total."""
        return {item.name: getattr(self, item.name) for item in fields(self)} | {
            "total": self.total
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What of a configuration decides the memory.

    Attributes:
        bits: of a weight of the base: 4, 8, 16 or 32.
        width: bytes of an activation, and of a weight that is not quantized.
        rank: of LoRA; 0 trains every parameter.
        tokens: of one micro batch.
        optimizer_bytes: for one trained parameter.
        checkpointing: whether activations are computed once more instead of kept.
        dropout: whether LoRA has any.
        fused_loss: whether the logits are never held as a whole.
        shards: over how many GPUs weights, gradients and optimizer are spread.
    """

    bits: int
    width: int
    rank: int
    tokens: int
    optimizer_bytes: int
    checkpointing: bool
    dropout: bool
    fused_loss: bool
    shards: int = 1


def load_of(config: Mapping[str, Any], gpus: int = 1) -> Load:
    """Return what of a configuration decides the memory.

    Args:
        config: as in the YAML file.
        gpus: how many processes train together; matters where they share the weights.
    """
    adapter = config.get("adapter")
    four, eight = bool(config.get("load_in_4bit")), bool(config.get("load_in_8bit"))
    wide = config.get("bf16") is False and not config.get("fp16")
    optimizer = str(config.get("optimizer") or "adamw_torch")
    small = any(name in optimizer for name in EIGHT_BIT_OPTIMIZERS)
    plugins = " ".join(map(str, config.get("plugins") or ()))
    fused = any(name in plugins or config.get(name) for name in FUSED_LOSSES)
    spread = bool(config.get("fsdp_config") or config.get("fsdp_version"))
    spread = spread or "zero3" in str(config.get("deepspeed") or "")
    pairs = 2 if config.get("rl") else 1
    return Load(
        bits=4 if four else 8 if eight else 32 if wide else 16,
        width=4 if wide else 2,
        rank=int(config.get("lora_r") or 8) if adapter else 0,
        tokens=pairs
        * int(config.get("micro_batch_size") or 1)
        * int(config.get("sequence_len") or 512),
        optimizer_bytes=2 if small else 8,
        checkpointing=bool(config.get("gradient_checkpointing")),
        dropout=bool(config.get("lora_dropout")),
        fused_loss=fused,
        shards=max(1, gpus) if spread else 1,
    )


def estimate(shape: Shape, load: Load, *, cpu: bool = False) -> Estimate:
    """Return the memory that a run takes on each GPU, or in this machine's own memory."""
    width = load.width
    linear_bits = NF4_BITS if load.bits == 4 else load.bits  # noqa: PLR2004
    weights = shape.linear * linear_bits / 8 + shape.embedding * width
    trained = shape.adapter(load.rank) if load.rank else shape.parameters
    adapter = trained * 4 if load.rank else 0
    gradients = trained * (4 if load.rank else width)
    one = _layer(shape, load)
    kept = load.tokens * shape.hidden * width
    checkpoints = shape.layers * kept if load.checkpointing else (shape.layers - 1) * one
    logits = 0 if load.fused_loss else load.tokens * shape.vocabulary * (width + 8)
    largest = max(inputs * outputs for inputs, outputs in shape.projections)
    dequantized = largest * width if load.bits < 16 else 0  # noqa: PLR2004
    return Estimate(
        weights=int(weights / load.shards),
        adapter=int(adapter / load.shards),
        gradients=int(gradients / load.shards),
        optimizer=int(trained * load.optimizer_bytes / load.shards),
        checkpoints=int(checkpoints),
        layer=int(one),
        logits=int(logits),
        overhead=(CPU_OVERHEAD if cpu else OVERHEAD) + dequantized,
    )


def _layer(shape: Shape, load: Load) -> int:
    """Return the bytes of one layer's activations while it is differentiated.

    A token keeps, besides the input: both norms' inputs in float32 and their outputs; queries, keys,
    values and the attention's output (flash attention keeps no scores); of the MLP the gate, its
    activation, the other branch and their product, and the gradient of one of them. LoRA with
    dropout keeps for each projection its input once more and a mask of a byte.
    """
    width = load.width
    query, key = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    norms = 2 * shape.hidden * (4 + width)
    attention = (2 * query + 2 * key + shape.hidden) * width
    branches = 5 if shape.gated else 4
    mlp = branches * shape.intermediate * width
    dropped = 0
    if load.rank and load.dropout:
        dropped = sum(inputs for inputs, _ in shape.projections) * (width + 1)
    return load.tokens * (norms + attention + mlp + dropped)
