// The best design: its figures, its layers with what limits them, its roofline and its timeline.

const LAYER_COLUMNS = [
  {id: "name", title: "Layer", value: ({name}) => name},
  {id: "share", title: "Share of time", value: ({share}) => share, text: shareText, bar: true},
  {id: "seconds", title: "Time", value: ({seconds}) => seconds, text: (value) => unitText(value, "s")},
  {id: "repeat", title: "Runs", value: ({repeat}) => repeat, text: wholeText},
  {id: "limiting", title: "Limited by", value: ({limiting}) => limiting},
  {id: "energy", title: "Energy", value: ({energy_pj}) => energy_pj, text: (value) => unitText(value * 1e-12, "J")},
  {id: "operations", title: "Operations", value: ({operations}) => operations, text: countText},
  {id: "bytes", title: "Outer memory", value: ({dram_bytes}) => dram_bytes, text: bytesText},
  {id: "intensity", title: "op/byte", value: ({operations, dram_bytes}) => (dram_bytes ? operations / dram_bytes : null), text: (value) => digits(value, 3)},
];
const EINSUM_COLUMNS = [
  {id: "name", title: "Einsum", value: ({name}) => name},
  {id: "unit", title: "Array", value: ({unit}) => unit},
  {id: "busy", title: "Array busy", value: ({seconds}) => seconds, text: (value) => unitText(value, "s")},
  {id: "bound", title: "Bound", value: ({bound}) => bound},
  {id: "limiting", title: "Alone limited by", value: ({limiting}) => limiting},
  ...LAYER_COLUMNS.slice(5),
];
const MOST_EINSUMS = 1000;

function setUpBest(model, act) {
  const {best} = model.data;
  byId("best-panel").hidden = !best?.runs.length;
  if (!best?.runs.length) return;
  byId("best-title").textContent = `Point ${best.number}: ${best.why}`;
  byId("best-run").append(...best.runs.map(({name}, i) => make("option", {value: String(i)}, name || "run")));
  byId("einsums-box").open = best.runs.some(({result}) => result.layers.length === 1);
  byId("best-runs").hidden = best.runs.length < 2;
  byId("best-run").addEventListener("change", () => act.run(Number(byId("best-run").value)));
}

function renderBest(model, state, act) {
  const {best} = model.data;
  if (!best?.runs.length) return;
  byId("best-run").value = String(state.run);
  const {result, timeline, command} = best.runs[state.run];
  byId("best-tiles").replaceChildren(...bestTiles(result));
  const whole = result.layers.reduce((sum, {cycles}) => sum + cycles, 0) || 1;
  const layers = result.layers.map((layer) => ({...layer, name: layer.name || result.workload, share: layer.cycles / whole, seconds: layer.cycles / result.clock_hz}));
  const einsums = result.einsums.map((einsum) => ({...einsum, seconds: einsum.cycles / result.clock_hz}));
  fillTable("layers", LAYER_COLUMNS, layers, state.layerSort, act.layerSort);
  fillTable("einsums", EINSUM_COLUMNS, einsums, state.einsumSort, act.einsumSort);
  byId("best-command").replaceChildren(commandBox(command));
  drawRoofline(result);
  renderTimeline(timeline, result.clock_hz, layers, state, act);
}

function bestTiles(result) {
  const energy = result.energy_pj === null ? null : result.energy_pj * 1e-12;
  const power = energy === null || !result.seconds ? null : energy / result.seconds;
  return [
    tile("Machine", result.architecture, `mapper ${result.mapper}, fidelity ${result.fidelity}`),
    tile("Time", unitText(result.seconds, "s"), `${wholeText(result.cycles)} cycles at ${unitText(result.clock_hz, "Hz")}`),
    tile("Energy", unitText(energy, "J"), result.energy_missing.length ? `no figure for ${result.energy_missing.join(", ")}` : ""),
    tile("Mean power", unitText(power, "W")),
    tile("Area", result.area_um2 === null ? "unknown" : unitText(result.area_um2 * 1e-6, "mm2"), result.area_missing.length ? `no figure for ${result.area_missing.join(", ")}` : ""),
    ...Object.entries(result.utilization).map(([name, part]) => tile(`Use of ${name}`, shareText(part))),
  ];
}

function fillTable(id, columns, rows, sort, act) {
  const column = columns.find((each) => each.id === sort.column) ?? columns[0];
  byId(id).tHead.replaceChildren(sortHead(columns, sort, act, id));
  const shown = sortRows(rows, column, sort.down).slice(0, MOST_EINSUMS);
  const largest = Math.max(...rows.map(({share}) => share ?? 0), 1e-12);
  byId(id).tBodies[0].replaceChildren(...shown.map((row) => make("tr", {}, ...columns.map((each) => {
    const value = each.value(row) ?? null;
    if (each.id === "name") return make("th", {scope: "row", title: value}, value);
    const cell = make("td", {className: each.text ? "number" : "", "data-column": each.id}, value === null ? "" : each.text ? each.text(value) : value);
    if (each.bar) cell.prepend(make("span", {className: "bar", style: `--part:${(value / largest).toFixed(4)}`, "aria-hidden": "true"}));
    return cell;
  }))));
}
