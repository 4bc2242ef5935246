// What the reader chose, and how it stands behind the # of the address.

const LOWEST = 0.25;
const HIGHEST = 8;
const within = (value) => Math.min(HIGHEST, Math.max(LOWEST, value));

function freshState(data) {
  return {
    key: [...data.runs[0].key],
    scale: {...AS_BUILT},
    baseline: null,
    query: "",
    hidden: new Set(),
    chosen: new Set(),
    sort: {column: "share", down: true},
  };
}

const sameKey = (a, b) => a.every((value, i) => value === b[i]);
const findRun = (data, key) => data.runs.find((run) => sameKey(run.key, key)) ?? null;

/** Values that a dimension takes over all runs, in the order of the runs. */
function valuesOf(data, i) {
  return [...new Set(data.runs.map((run) => run.key[i]))];
}

/** Places of the dimensions in which the runs differ. */
function varying(data) {
  return data.dimensions.map((_, i) => i).filter((i) => valuesOf(data, i).length > 1);
}

/** What stands for a setting that a run does not have. */
const NONE = "-";

/** A run in words: only what tells it from the others. */
function runText(data, run) {
  const told = varying(data).filter((i) => run.key[i] !== NONE).map((i) => valueText(data, i, run.key[i]));
  return told.length ? told.join(", ") : run.key.slice(0, 3).join(", ");
}

/** A value that stands without its title. */
function valueText(data, i, value) {
  const [name, title] = data.dimensions[i];
  return ["model", "device", "stage", "attention"].includes(name)
    ? value
    : `${title.toLowerCase().replace("kv", "KV")} ${value}`;
}

/** Runs that differ from a key in the fewest dimensions. */
function nearest(data, key, most) {
  const away = (run) => run.key.filter((value, i) => value !== key[i]).length;
  return [...data.runs].sort((a, b) => away(a) - away(b)).slice(0, most);
}

function toHash(data, state) {
  const fresh = freshState(data);
  const hash = new URLSearchParams();
  for (const i of varying(data)) hash.set(data.dimensions[i][0], state.key[i]);
  for (const name of Object.keys(AS_BUILT)) {
    if (state.scale[name] !== 1) hash.set(`x-${name}`, String(state.scale[name]));
  }
  if (state.baseline) hash.set("baseline", JSON.stringify(varying(data).map((i) => state.baseline.key[i])));
  if (state.query) hash.set("find", state.query);
  for (const kind of state.hidden) hash.append("without", kind);
  for (const layer of state.chosen) hash.append("layer", layer);
  const {column, down} = state.sort;
  if (column !== fresh.sort.column || !down) hash.set("sort", `${column}${down ? "" : "-up"}`);
  return hash.toString();
}

/** The state behind an address; what is unknown there is left as it begins. */
function fromHash(data, text) {
  const state = freshState(data);
  const hash = new URLSearchParams(text.replace(/^#/, ""));
  for (const i of varying(data)) {
    const value = hash.get(data.dimensions[i][0]);
    if (valuesOf(data, i).includes(value)) state.key[i] = value;
  }
  for (const name of Object.keys(AS_BUILT)) {
    const value = Number(hash.get(`x-${name}`) ?? NaN);
    if (Number.isFinite(value)) state.scale[name] = within(value);
  }
  const wanted = hash.get("baseline");
  const named = (run) => JSON.stringify(varying(data).map((i) => run.key[i]));
  state.baseline = data.runs.find((run) => named(run) === wanted) ?? null;
  state.query = hash.get("find") ?? "";
  state.hidden = new Set(hash.getAll("without"));
  state.chosen = new Set(hash.getAll("layer"));
  const sort = hash.get("sort");
  const column = COLUMNS.find(({id}) => sort === id || sort === `${id}-up`);
  if (column) state.sort = {column: column.id, down: !sort.endsWith("-up")};
  return state;
}

/** Whether a row passes the search and the kinds. */
function passes(state, row) {
  return !state.hidden.has(row.kind) && row.name.toLowerCase().includes(state.query.toLowerCase());
}

/** Whether a row is drawn: it passes, and is chosen where any is. */
function isDrawn(state, row) {
  return passes(state, row) && (state.chosen.size === 0 || state.chosen.has(row.key));
}
