// The table of layers: sortable, one row a layer, with its share of the time as a bar.

const COLUMNS = [
  {id: "name", title: "Layer", value: (row) => row.name},
  {id: "share", title: "Share of time", value: (row) => row.share, text: shareText, bar: true},
  {id: "all", title: "Time", value: (row) => row.all, text: secondsText},
  {id: "speedup", title: "Speed-up", value: (row) => row.speedup, text: timesText, compared: true},
  {id: "bound", title: "Bound", value: (row) => row.bound},
  {id: "intensity", title: "op/byte", value: (row) => row.intensity, text: intensityText},
  {id: "operations", title: "Operations", value: (row) => row.repeat * row.operations, text: countText},
  {id: "bytes", title: "Bytes", value: (row) => row.repeat * row.bytes, text: bytesText},
  {id: "repeat", title: "Runs", value: (row) => row.repeat, text: wholeText},
  {id: "kind", title: "Kind", value: (row) => row.kind},
  {id: "stage", title: "Stage", value: (row) => row.stage, staged: true},
  {id: "computes_in", title: "Computes in", value: (row) => row.computes_in},
];

/** Columns that say something: stages only where there are two, speed-up only in a comparison. */
function columnsFor(rows, compared) {
  const stages = new Set(rows.map((row) => row.stage)).size;
  return COLUMNS.filter((column) => (!column.staged || stages > 1) && (!column.compared || compared));
}

function sorted(rows, {column, down}) {
  const value = COLUMNS.find(({id}) => id === column).value;
  const compare = (a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === y) return a.place - b.place;
    if (x === null || x === undefined) return 1;
    if (y === null || y === undefined) return -1;
    return (x < y ? -1 : 1) * (down ? -1 : 1);
  };
  return [...rows].sort(compare);
}

function renderTable(state, rows, compared, act) {
  const columns = columnsFor(rows, compared);
  const head = columns.map((column) => headCell(column, state.sort, act));
  byId("layers").tHead.replaceChildren(make("tr", {}, ...head));
  const largest = Math.max(...rows.map((row) => row.share), 1e-12);
  const shown = sorted(rows.filter((row) => passes(state, row)), state.sort);
  const body = shown.map((row) => bodyRow(columns, row, largest, state, act));
  byId("layers").tBodies[0].replaceChildren(...body);
}

function headCell(column, sort, act) {
  const here = sort.column === column.id;
  const order = here ? (sort.down ? "descending" : "ascending") : "none";
  const button = make("button", {type: "button"}, column.title);
  button.dataset.focus = `sort-${column.id}`;
  button.addEventListener("click", () => act.sort(column));
  const properties = {"aria-sort": order, scope: "col", className: column.text ? "number" : ""};
  return make("th", properties, button);
}

function bodyRow(columns, row, largest, state, act) {
  const chosen = state.chosen.has(row.key);
  const element = make("tr", {className: chosen ? "chosen" : ""});
  element.dataset.layer = row.key;
  for (const column of columns) {
    if (column.id === "name") element.append(nameCell(row, chosen, act));
    else element.append(cell(column, row, largest));
  }
  element.addEventListener("mouseenter", () => act.point(row.key));
  element.addEventListener("mouseleave", () => act.point(null));
  return element;
}

function nameCell(row, chosen, act) {
  const button = make("button", {type: "button", "aria-pressed": chosen}, row.name);
  button.dataset.focus = `layer-${row.key}`;
  button.addEventListener("click", () => act.choose(row.key));
  button.addEventListener("focus", () => act.point(row.key));
  button.addEventListener("blur", () => act.point(null));
  const mark = make("span", {className: "swatch", style: `background:${colourOf(row.kind)}`});
  return make("th", {scope: "row"}, mark, button);
}

function cell(column, row, largest) {
  const value = column.value(row);
  const properties = {};
  if (column.id === "bound") properties.className = `bound ${LIMITS.includes(value) ? value : ""}`;
  if (!column.text) return make("td", {"data-column": column.id, ...properties}, value);
  properties.className = "number";
  properties.title = value === null || value === undefined ? "" : String(value);
  const element = figure("td", value ?? null, column.text, {"data-column": column.id, ...properties});
  if (column.bar) {
    const part = `--part:${(row.share / largest).toFixed(4)}`;
    element.prepend(make("span", {className: "bar", style: part, "aria-hidden": "true"}));
  }
  return element;
}
