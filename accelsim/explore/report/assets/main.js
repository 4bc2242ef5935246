// The page: reads the data, holds the state, draws when it changes.

const data = JSON.parse(byId("data").textContent);
const model = buildModel(data);

function freshState() {
  const [x, y] = startingAxes();
  return {
    x, y, colour: data.colour ?? "", infeasible: true,
    logX: wantsLog(known(figureOf(model, x).values)), logY: wantsLog(known(figureOf(model, y).values)),
    filters: new Map(), selected: data.best ? model.placeOf.get(data.best.number) ?? null : null, pointed: null,
    sort: {column: `f:${model.objectives[0].name}`, down: model.objectives[0].goal === "maximize"}, allRows: false,
    run: 0, block: -1, layerSort: {column: "share", down: true}, einsumSort: {column: "busy", down: true},
  };
}

/** Two objectives; one alone stands over another figure that differs from point to point. */
function startingAxes() {
  const [first, second] = model.objectives;
  if (second) return [first.name, second.name];
  const other = data.figures.find((figure) => {
    const [low, high] = extent(figure.values);
    return figure !== first && low < high;
  });
  return [(other ?? first).name, first.name];
}

/** The part of the state that an address keeps. */
function toHash(state) {
  const fresh = freshState();
  const hash = new URLSearchParams();
  for (const key of ["x", "y", "colour"]) if (state[key] !== fresh[key]) hash.set(key, state[key]);
  for (const key of ["logX", "logY", "infeasible"]) if (state[key] !== fresh[key]) hash.set(key, state[key] ? "1" : "0");
  if (state.selected !== fresh.selected) hash.set("point", state.selected === null ? "" : String(data.numbers[state.selected]));
  for (const [key, [low, high]] of state.filters) hash.append("keep", `${key} ${low.toFixed(4)} ${high.toFixed(4)}`);
  if (state.run) hash.set("run", String(state.run));
  return hash.toString();
}

/** The state behind an address; what is unknown there is left as it begins. */
function fromHash(text) {
  const state = freshState();
  const hash = new URLSearchParams(text.replace(/^#/, ""));
  for (const key of ["x", "y"]) if (figureOf(model, hash.get(key))) state[key] = hash.get(key);
  if (hash.has("colour") && (hash.get("colour") === "" || data.parameters.some(({name}) => name === hash.get("colour")))) state.colour = hash.get("colour");
  for (const key of ["logX", "logY", "infeasible"]) if (hash.has(key)) state[key] = hash.get(key) === "1";
  if (hash.has("point")) state.selected = hash.get("point") === "" ? null : model.placeOf.get(Number(hash.get("point"))) ?? null;
  for (const entry of hash.getAll("keep")) {
    const [, key, low, high] = /^(.*) ([\d.]+) ([\d.]+)$/s.exec(entry) ?? [];
    if (model.axes.some((axis) => axis.key === key)) state.filters.set(key, [Number(low), Number(high)]);
  }
  const run = Number(hash.get("run") ?? 0);
  if (data.best?.runs[run]) state.run = run;
  return state;
}

let state = fromHash(location.hash);
let waiting = null;

const turned = (sort) => ({id, text}) => change("tables", () => {
  state[sort] = {column: id, down: state[sort].column === id ? !state[sort].down : Boolean(text) && sort !== "sort"};
});
const act = {
  set: (key, value) => change("all", () => {
    state[key] = value;
    // Figures that are not all above 0 have no logarithm.
    if (key === "x") state.logX = wantsLog(known(figureOf(model, value).values));
    if (key === "y") state.logY = wantsLog(known(figureOf(model, value).values));
  }),
  select: (place) => change("all", () => { state.selected = place; }),
  point: (place) => state.pointed !== place && change("marks", () => { state.pointed = place; }),
  along: (step) => change("all", () => {
    const order = sortRows(model.front, {value: ({place}) => figureOf(model, state.x).values[place]}, false).map(({place}) => place);
    const at = order.indexOf(state.selected);
    if (order.length) state.selected = order[at < 0 ? 0 : Math.min(order.length - 1, Math.max(0, at + step))];
  }),
  keep: (key, kept, what = "all") => change(what, () => { if (kept) state.filters.set(key, kept); else state.filters.delete(key); }),
  sort: turned("sort"),
  layerSort: turned("layerSort"),
  einsumSort: turned("einsumSort"),
  run: (run) => change("best", () => { state.run = run; state.block = -1; }),
  block: (block) => change("best", () => { state.block = block; }),
};

/** Change the state and draw once before the next frame, however many changes come until then. */
function change(what, apply) {
  apply();
  if (waiting) return waiting.add(what);
  waiting = new Set([what]);
  return requestAnimationFrame(() => {
    const parts = waiting;
    waiting = null;
    if (!parts.has("marks") || parts.size > 1) history.replaceState(null, "", `#${toHash(state)}`);
    render(parts);
  });
}

/** Elements are made anew; the one that had the focus gets it back. */
function keepingFocus(draw) {
  const name = document.activeElement?.dataset?.focus;
  draw();
  if (!name) return;
  [...document.querySelectorAll("[data-focus]")].find((each) => each.dataset.focus === name)?.focus({preventScroll: true});
}

function render(parts = new Set(["all", "best"])) {
  const passes = passing(model, state.filters);
  keepingFocus(() => {
    const colours = parts.has("all") || parts.has("filter") ? colouring(model, state.colour, isDark()) : null;
    if (colours) {
      drawPareto(model, state, passes, colours);
      drawParallel(model, state, passes, colours);
      renderPassing(model, state, passes);
    }
    if (colours || parts.has("marks")) {
      markPareto(model, state);
      markParallel(model, state);
    }
    if (parts.has("all")) {
      renderAxes(state);
      renderLegend(colours);
      renderPoint(model, state);
    }
    if (parts.has("all") || parts.has("tables")) renderFront(model, state, passes, act);
    if (parts.has("best") || parts.has("tables")) renderBest(model, state, act);
  });
}

function renderTotals() {
  const shown = data.points_shown < data.evaluated ? `${wholeText(data.points_shown)} of them on this page` : "";
  byId("subtitle").textContent = [`method ${data.method}, seed ${data.seed}, fidelity ${data.fidelity}`,
    ...(data.constraints.length ? [`constraints: ${data.constraints.join("; ")}`] : [])].join("; ");
  byId("description").textContent = data.description;
  const space = data.space_points < 1e12 ? wholeText(data.space_points) : data.space_points.toExponential(2);
  byId("totals").replaceChildren(
    tile("Points simulated", wholeText(data.evaluated), shown || `of ${space}`),
    tile("On the front", wholeText(model.front.length)),
    ...(data.excluded ? [tile("Left out", wholeText(data.excluded), "by constraints on parameters")] : []),
    tile("Fail a constraint", wholeText(data.infeasible)),
    tile("Cannot be simulated", wholeText(data.failed)),
    ...model.objectives.map(bestTile),
  );
}

function bestTile({label, unit, goal, values}) {
  const all = model.front.map(({place}) => values[place]);
  const [low, high] = extent(all);
  const best = goal === "minimize" ? low : high;
  return tile(`${goal === "minimize" ? "Least" : "Most"} ${label}`, all.length ? unitText(best, unit) : "none");
}

function renderFailures() {
  const rows = Object.entries(data.failures).sort(([, a], [, b]) => b - a);
  byId("failures-panel").hidden = rows.length === 0;
  byId("failures").tHead.replaceChildren(make("tr", {}, make("th", {scope: "col"}, "Points"), make("th", {scope: "col"}, "Reason")));
  byId("failures").tBodies[0].replaceChildren(...rows.map(([reason, count]) => make("tr", {}, make("td", {className: "number"}, wholeText(count)), make("td", {}, reason))));
}

function renderSources() {
  const entries = Object.entries(data.sources);
  byId("sources-box").hidden = entries.length === 0;
  for (const [name, text] of entries) byId("sources").append(make("dt", {}, name), make("dd", {}, String(text)));
}

function listen() {
  byId("clear").addEventListener("click", () => change("all", () => state.filters.clear()));
  byId("front-more").addEventListener("click", () => change("tables", () => { state.allRows = true; }));
  window.addEventListener("hashchange", () => { state = fromHash(location.hash); render(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => render());
  let width = document.body.clientWidth;
  new ResizeObserver(() => {
    if (document.body.clientWidth === width) return;
    width = document.body.clientWidth;
    render();
  }).observe(document.body);
}

setUpAxes(model, state, act);
setUpPareto(model, act);
// The axes look the state up when a key is pressed.
setUpParallel(model, {get filters() { return state.filters; }}, act);
setUpBest(model, act);
renderTotals();
renderImportance(model);
renderFailures();
renderSources();
byId("command").append(commandBox(data.command));
byId("footer").textContent = `accelsim ${data.version}. * is an objective of the study.`;
listen();
render();
performance.mark("study:ready");
performance.measure("study:interactive", {start: 0, end: "study:ready"});
