"""Write what ships of the hardware: machines, mappers, and the folders in rtl/."""

from pathlib import Path

from accelsim.accelerators.registry import ACCELERATORS
from accelsim.files import write_files

ROOT = Path(__file__).parents[1]

for accelerator in ACCELERATORS.values():
    if not accelerator.has_hardware:
        continue
    for name, text in accelerator.part("shipped").shipped_files().items():
        path = ROOT / name
        write_files(path.parent, {path.name: text.encode()})
        print(path.relative_to(ROOT))
