// Figures with their units, as figures.py of the report writes them.

const PREFIXES = [[1e15, "P"], [1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""], [1e-3, "m"], [1e-6, "u"], [1e-9, "n"], [1e-12, "p"]];
const PREFIXED = new Set(["J", "W", "Hz", "B/s", "op/s"]);

/** A figure with its unit; an unknown one is said to be so. */
function unitText(value, unit, most = 4) {
  if (value === null || value === undefined) return "unknown";
  if (unit === "B" || unit === "bytes") return scaled(value, BYTES, most);
  if (value !== 0 && (PREFIXED.has(unit) || (unit === "s" && Math.abs(value) < 1))) {
    const rounded = Number(value.toPrecision(12));
    const [size, prefix] = PREFIXES.find(([least]) => Math.abs(rounded) >= least) ?? PREFIXES.at(-1);
    return `${digits(rounded / size, most)} ${prefix}${unit}`;
  }
  if (unit === "" && Math.abs(value) >= 1e6) return scaled(value, COUNTS, most);
  return unit.startsWith("/") ? digits(value, most) + unit : `${digits(value, most)} ${unit}`.trim();
}

/** What a parameter is at a point; a parameter that does not apply has no value. */
const valueText = (value) => (value === undefined ? "absent" : typeof value === "number" ? String(value) : value);

const GOALS = {minimize: "less is better", maximize: "more is better"};
const figureTitle = ({label, goal}) => label + (goal ? ` (${GOALS[goal]})` : "");

/** A command with a button that copies it. */
function commandBox(text, name = "Copy") {
  return make("div", {className: "command"}, make("pre", {}, text), copyButton(text, name));
}

function copyButton(text, name) {
  const button = make("button", {type: "button"}, name);
  button.addEventListener("click", async (event) => {
    event.stopPropagation();
    await copy(text);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = name; }, 1200);
  });
  return button;
}

/** Pages of files may not be let near the clipboard; a selected text may always be copied. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = make("textarea", {value: text, style: "position:fixed;opacity:0"});
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

/** Names and texts as a list of facts. */
function facts(pairs) {
  const list = make("dl", {className: "facts"});
  for (const [name, text] of pairs) list.append(make("dt", {}, name), make("dd", {}, text));
  return list;
}

function tile(name, text, note = "") {
  return make("div", {className: "tile"}, make("span", {}, name), make("strong", {}, text),
    note ? make("div", {className: "note", title: note}, note) : null);
}

/** Head cells whose buttons sort; `sort` is {column, down}. */
function sortHead(columns, sort, act, name) {
  return make("tr", {}, ...columns.map((column) => {
    const order = sort.column === column.id ? (sort.down ? "descending" : "ascending") : "none";
    const button = make("button", {type: "button", "data-focus": `${name}-${column.id}`}, column.title);
    button.addEventListener("click", () => act(column));
    return make("th", {"aria-sort": order, scope: "col", className: column.text ? "number" : ""}, button);
  }));
}

/** Rows in the order of a column; what has no value comes last. */
function sortRows(rows, column, down) {
  const value = (row) => column.value(row) ?? null;
  return rows.map((row, place) => [value(row), place, row]).sort(([x, i], [y, j]) => {
    if (x === y) return i - j;
    if (x === null) return 1;
    if (y === null) return -1;
    const order = typeof x === typeof y ? (x < y ? -1 : 1) : typeof x === "number" ? -1 : 1;
    return order * (down ? -1 : 1);
  }).map(([, , row]) => row);
}
