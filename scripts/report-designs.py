"""Run the study of accelerators for Llama-2-7B and long attention, and write what it shows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from accelsim import simulate
from accelsim.explore import Options, Outcome, Session, opened
from accelsim.explore.data import report_data
from accelsim.explore.report.write import write_study_report
from accelsim.files import write_files
from accelsim.report.text import markdown_table
from accelsim.study import load_study

STUDY = "llama-and-attention"
FOLDER = Path(__file__).parents[1] / "reports" / STUDY
KINDS = ("fp16", "flat", "fusemax", "int8", "ant", "olive", "bitmod", "bitmod-fusemax")


def run(session: Session) -> tuple[list[Outcome], dict[int, Outcome], dict[str, Any]]:
    """All points, the front as played out, and the document behind the page."""
    explored = session.run()
    played = session.played(explored.front)
    data = report_data(session, explored, played, command=f"accelsim explore {STUDY} --seed 0")
    outcomes = list(session.outcomes(explored))
    write_study_report(data, (each.as_json() for each in outcomes), FOLDER)
    return outcomes, played, data


def best(outcomes: list[Outcome], metric: str, **fixed: Any) -> Outcome:
    """The point with the least of a metric, of those with some parameters."""
    wanted = [
        each
        for each in outcomes
        if each.status == "ok" and all(each.parameters.get(k) == v for k, v in fixed.items())
    ]
    return min(wanted, key=lambda each: (figure(each, metric), each.number))


def figure(outcome: Outcome, metric: str) -> float:
    """A metric, which all machines here have."""
    value = outcome.metrics[metric]
    assert value is not None
    return value


def contenders(outcomes: list[Outcome], metric: str) -> dict[str, Outcome]:
    """Name -> the best design of each kind, and of each number of bits."""
    found = {}
    for kind in KINDS:
        bits = {
            p.parameters.get("weight_bits") for p in outcomes if p.parameters["accelerator"] == kind
        }
        for each in sorted(bits, key=str):
            name = kind if each is None else f"{kind}, {each}"
            fixed = {} if each is None else {"weight_bits": each}
            found[name] = best(outcomes, metric, accelerator=kind, **fixed)
    return found


def shape(outcome: Outcome, session: Session) -> str:
    """Rows and columns of the array, or of both."""
    plan = session.study.plan(outcome.parameters)
    rows, columns = plan.names["rows"], plan.names["columns"]
    own = f"{rows}x{columns}"
    return own if "rows_2d" not in plan.names else f"{own} + {plan.names['rows_2d']}x{columns}"


def table(found: Mapping[str, Outcome], session: Session) -> str:
    """A row for each design."""
    head = [
        "design",
        "PEs",
        "dataflow",
        "mm2",
        "prompt, s",
        "token, ms",
        "request, s",
        "request, J",
    ]
    head += ["BERT, ms", "BERT, J", "error of weights"]
    rows = [head]
    for name, each in found.items():
        rows.append(
            [
                name,
                shape(each, session),
                str(each.parameters.get("dataflow", "its own")),
                f"{figure(each, 'area_mm2'):.2f}",
                f"{figure(each, 'prefill.latency_s'):.2f}",
                f"{figure(each, 'decode.latency_s') * 1e3:.1f}",
                f"{figure(each, 'latency_s'):.1f}",
                f"{figure(each, 'energy_j'):.0f}",
                f"{figure(each, 'bert.latency_s') * 1e3:.0f}",
                f"{figure(each, 'bert.energy_j'):.2f}",
                f"{figure(each, 'quantization_error'):.3f}",
            ]
        )
    return markdown_table(rows)


def rivals(design: Outcome, outcomes: list[Outcome]) -> str:
    """Whether a design of another kind is as good in both, at no more error."""
    metrics = ("latency_s", "energy_j", "bert.edp_js", "quantization_error")
    better = {
        str(each.parameters["accelerator"])
        for each in outcomes
        if each.parameters["accelerator"] != design.parameters["accelerator"]
        and all(figure(each, m) <= figure(design, m) for m in metrics)
    }
    if better:
        return f"Designs of {', '.join(sorted(better))} are as good in all four figures."
    return "No design of another kind is as good in all four figures."


def findings(
    fast: Mapping[str, Outcome], outcomes: list[Outcome], played: Mapping[int, Outcome]
) -> list[str]:
    """What the figures say, in figures."""
    fp16, int8, four = fast["fp16"], fast["int8"], fast["bitmod, 4 bits"]
    fusemax = best(outcomes, "bert.edp_js", accelerator="fusemax")
    halves = best(
        outcomes,
        "latency_s",
        accelerator="bitmod-fusemax",
        weight_bits="4 bits",
        attention_share=0.5,
    )

    def over(one: Outcome, other: Outcome, metric: str) -> float:
        return figure(one, metric) / figure(other, metric)

    slower = {
        n: figure(p, "latency_s") / figure(o, "latency_s") - 1
        for n, p in played.items()
        for o in outcomes
        if o.number == n and p.status == "ok"
    }
    attention = {
        n: figure(p, "bert.latency_s") / figure(o, "bert.latency_s") - 1
        for n, p in played.items()
        for o in outcomes
        if o.number == n and p.status == "ok"
    }
    return [
        f"**Bits decide a request.** Tokens wait for the weights: BitMoD at 4 bits answers a "
        f"request in {figure(four, 'latency_s'):.0f} s and {figure(four, 'energy_j'):.0f} J, FP16 "
        f"in the same area in {over(fp16, four, 'latency_s'):.1f} times the time and "
        f"{over(fp16, four, 'energy_j'):.1f} times the energy.",
        f"**INT8 is the prompt's.** Its PEs are {1968.7 / 274.96:.1f} times smaller than those of "
        f"FP16; a prompt takes {figure(int8, 'prefill.latency_s'):.1f} s against "
        f"{figure(four, 'prefill.latency_s'):.1f} s of BitMoD at 4 bits, a token "
        f"{over(int8, four, 'decode.latency_s'):.1f} times as long. It needs activations of 8 "
        "bits, whose error is not in these figures.",
        "**Attention is FuseMax's.** BERT at 16K takes "
        f"{figure(fusemax, 'bert.latency_s') * 1e3:.0f} ms and "
        f"{figure(fusemax, 'bert.energy_j'):.2f} J on it, "
        f"{over(four, fusemax, 'bert.latency_s'):.1f} times the time and "
        f"{over(four, fusemax, 'bert.energy_j'):.1f} times the energy on BitMoD, where scores "
        "cross the DRAM twice.",
        f"**Both on one chip.** BitMoD at 4 bits with half of the arrays' area for FuseMax's takes "
        f"{over(halves, four, 'latency_s') - 1:.0%} longer for a request than BitMoD alone and "
        f"{over(halves, four, 'energy_j'):.3f} times its energy, and needs "
        f"{over(four, halves, 'bert.edp_js'):.1f} times less energy times delay for attention at "
        f"16K. {rivals(halves, outcomes)}",
        f"**Played out in time**, requests of the front take {min(slower.values()):.1%} to "
        f"{max(slower.values()):.1%} longer than counted, and attention at 16K "
        f"{min(attention.values()):.0%} to {max(attention.values()):.0%}: where it is not fused, "
        "one step waits for another.",
    ]


def sensitivity() -> str:
    """BERT on FuseMax with the figures of its own table, scaled."""
    sizes = {"B": 1, "H": 12, "E": 64, "F": 64, "M": 16384, "P": 16384}
    own = simulate("attention/three-pass", on="28nm/fusemax-table", set=sizes)
    ours = simulate("attention/three-pass", on="28nm/fusemax", set=sizes)
    flat = simulate("attention/three-pass", on="28nm/flat-table", set=sizes)
    joules = [(each.energy_pj or 0.0) / 1e12 for each in (own, ours, flat)]
    return (
        "FuseMax's multiply-add is taken to cost what BitMoD's FP16 PE costs. With FuseMax's own "
        f"table, scaled from 45 nm, BERT at 16K takes {joules[0]:.2f} J in place of "
        f"{joules[1]:.2f} J on 32x32 PEs, and {joules[2]:.2f} J on FLAT: the lead over FLAT stays, "
        "that over INT8 does not ([why](../../docs/28nm.md))."
    )


def page(session: Session) -> str:
    """The page of it."""
    outcomes, played, data = run(session)
    fast = contenders(outcomes, "latency_s")
    attention = contenders(outcomes, "bert.edp_js")
    shown = "\n".join(f"- {line}" for line in findings(fast, outcomes, played))
    example = next(p for p in data["front"] if p["parameters"]["accelerator"] == "bitmod-fusemax")
    commands = "\n".join(example["commands"])
    return f"""\
# Which accelerator for Llama-2-7B and long attention, in 6.5 mm² at 28 nm?

`python scripts/report-designs.py` writes this page and what lies beside it: [the interactive
page](index.html), its points as CSV and Parquet, [the front](study.md), `study.json`. The study is
`accelsim/study/library/{STUDY}.yaml`: another machine joins by its name there, and
`accelsim explore {STUDY}` runs it.

A request is a prompt of 2,048 tokens to Llama-2-7B and 256 tokens behind it, batch 1; BERT is the
attention of BERT-Base at 16,384 tokens. All machines have arrays and vector units in what 6.5 mm²
leave beside 1 MiB of buffers, the same DRAM (32 GB/s) and 1 GHz: {data["evaluated"]} designs, of
which {len(data["front"])} are on the front of request time, request energy, energy times delay of
BERT, and error of the weights.

![energy of a request against its time](pareto.png)

{shown}

## Each kind at its fastest for a request

{table(fast, session)}

## Each kind at its best for attention (energy times delay of BERT)

{table(attention, session)}

Error of weights: root mean square over that of the weights, of a seeded matrix with heavy tails,
4,096 weights a row in groups of 128; no model's, and no perplexity. FP16 is taken as exact.

## What to keep in mind

- {sensitivity()}
- Causal attention is counted at the time of all positions, on every machine.
- Norms, activations and residuals are left out; so are leakage, control and the clock tree.
- INT8 PEs are estimated from FP16 ones (Horowitz, ISSCC 2014). What else is estimated:
  [machines at 28 nm](../../docs/28nm.md).
- In each table, energies are those of the design that is best in the other figure.

A point of the front again, run by run:

```sh
{commands}
```
"""


if __name__ == "__main__":
    with opened(load_study(STUDY), Options(workers=2)) as session:
        text = page(session)
    write_files(FOLDER, {"README.md": text.encode()})
    print(f"reports/{STUDY}/")
