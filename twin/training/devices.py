"""What a run can run on here.

In: nothing. Out: the GPUs that NVIDIA's own program tells of, or this machine's memory. torch is
not asked: importing it in Axolotl's environment takes seconds.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Device:
    """Where a run runs.

    Attributes:
        name: of the GPU, or ``CPU``.
        count: how many of them; 0 is none.
        memory: bytes of one, or of the machine; 0 where that is not known.
        free: bytes of it that are free; 0 where that is not known.
        capability: as in ``sm_80``; empty without a GPU.
    """

    name: str
    count: int
    memory: int
    free: int
    capability: str = ""

    @property
    def cpu(self) -> bool:
        """Whether there is no GPU."""
        return self.count == 0

    def __str__(self) -> str:
        size = f", {self.memory / 2**30:.0f} GiB" if self.memory else ""
        return f"{self.count} x {self.name}{size}" if self.count else f"{self.name}{size}"


def device() -> Device:
    """Return what there is to run on; the smallest GPU counts where they differ."""
    program = shutil.which("nvidia-smi")
    if program and os.environ.get("CUDA_VISIBLE_DEVICES", "all") not in {"", "-1"}:
        done = subprocess.run(  # noqa: S603 - found on the path, fixed arguments
            [
                program,
                "--query-gpu=name,memory.total,memory.free,compute_cap",
                "--format=csv,noheader,nounits",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        found = [parsed for line in done.stdout.splitlines() if (parsed := _gpu(line))]
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        count = len([one for one in visible.split(",") if one]) if visible else len(found)
        if found and not done.returncode:
            least = min(found, key=lambda gpu: gpu.memory)
            return Device(
                least.name, min(count, len(found)), least.memory, least.free, least.capability
            )
    return Device("CPU", 0, _pages("SC_PHYS_PAGES"), _available())


def _gpu(line: str) -> Device | None:
    parts = [part.strip() for part in line.split(",")]
    try:
        name, total, free, capability = parts
        mib = 2**20
        return Device(
            name, 1, int(total) * mib, int(free) * mib, f"sm_{capability.replace('.', '')}"
        )
    except ValueError:
        return None


def _available() -> int:
    """Return the bytes that can be had without swapping, as Linux reckons it."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123 - no path of ours
            told = {line.split(":")[0]: line.split()[1] for line in file}
        return int(told["MemAvailable"]) * 1024
    except (OSError, KeyError, IndexError, ValueError):
        return _pages("SC_AVPHYS_PAGES")


def _pages(name: str) -> int:
    try:
        return os.sysconf(name) * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return 0
