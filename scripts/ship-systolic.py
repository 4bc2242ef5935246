"""Write what ships of the systolic hardware: machines, mappers, and the folders in rtl/."""

from pathlib import Path

from accelsim.accelerators.systolic.shipped import shipped_files
from accelsim.files import write_files

ROOT = Path(__file__).parents[1]

for name, text in shipped_files().items():
    path = ROOT / name
    write_files(path.parent, {path.name: text.encode()})
    print(path.relative_to(ROOT))
