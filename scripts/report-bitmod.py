"""Simulate the designs around BitMoD, and write the page, the table and the plot of them."""

from io import BytesIO
from pathlib import Path

from accelsim.accelerators.bitmod.comparison import outcomes
from accelsim.accelerators.bitmod.report import csv_text, markdown_text, pareto_figure
from accelsim.files import write_files

FOLDER = Path(__file__).parents[1] / "reports"

found = outcomes()
files = {
    "bitmod.md": markdown_text(found).encode(),
    "bitmod-designs.csv": csv_text(found).encode(),
}
for kind in ("png", "svg"):
    image = BytesIO()
    pareto_figure(found).savefig(
        image, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None
    )
    files[f"bitmod-pareto.{kind}"] = image.getvalue()
write_files(FOLDER, files)
for name in files:
    print(f"reports/{name}")
