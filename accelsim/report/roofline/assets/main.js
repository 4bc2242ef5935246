// The page: reads the data, holds the state, draws when it changes.

const data = JSON.parse(byId("data").textContent);
let state = fromHash(data, location.hash);
let chart = null;
let waiting = false;

const act = {
  select: (i, value) => change(() => { state.key[i] = value; }),
  show: (run) => change(() => { state.key = [...run.key]; }),
  scale: (name, value) => change(() => { state.scale[name] = value; }),
  kind: (kind, on) => change(() => (on ? state.hidden.delete(kind) : state.hidden.add(kind))),
  choose: (key) => change(() => state.chosen.delete(key) || state.chosen.add(key)),
  sort: ({id, text}) => change(() => {
    // Figures begin with the largest, words with the first.
    state.sort = {column: id, down: state.sort.column === id ? !state.sort.down : Boolean(text)};
  }),
  point: (key) => chart && !waiting && pointAt(chart, key),
};

/** Change the state and draw once before the next frame, however many changes come until then. */
function change(apply) {
  apply();
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    history.replaceState(null, "", `#${toHash(data, state)}`);
    render();
  });
}

/** Elements are made anew; the one that had the focus gets it back. */
function keepingFocus(draw) {
  const name = document.activeElement?.dataset?.focus;
  draw();
  if (!name) return;
  const found = [...document.querySelectorAll("[data-focus]")].find((each) => each.dataset.focus === name);
  found?.focus({preventScroll: true});
}

function render() {
  const run = findRun(data, state.key);
  byId("notice").hidden = run !== null;
  byId("results").hidden = run === null;
  keepingFocus(() => {
    renderSelectors(data, state, act);
    if (run) renderRun(run);
    else renderMissing(data, state, act);
  });
}

function renderRun(run) {
  const shown = evaluate(data, run, state.scale);
  const own = {...shown, ...(isAsBuilt(state.scale) ? {} : evaluate(data, run, AS_BUILT))};
  warnOfDifference(run, own);
  const baseline = state.baseline ? evaluate(data, state.baseline, AS_BUILT) : null;
  const compared = baseline ?? (isAsBuilt(state.scale) ? null : own);
  if (compared) addSpeedups(shown.rows, compared.rows);
  const keys = new Set(shown.rows.map((row) => row.key));
  state.chosen = new Set([...state.chosen].filter((key) => keys.has(key)));
  renderSubtitle(data, run);
  renderTotals(shown, compared, baseline ? runText(data, baseline.run) : "as built");
  renderBounds(shown);
  renderMemory(run);
  renderNotes(run);
  renderSliders(state, shown);
  byId("baseline").value = state.baseline ? String(data.runs.indexOf(state.baseline)) : "";
  renderKinds(state, shown.rows, act);
  renderTable(state, shown.rows, compared !== null, act);
  renderShown(state, shown.rows);
  drawChart(openChart(), state, shown, compared);
}

/** Layers are matched by stage and name; one that is in only one run has no speed-up. */
function addSpeedups(rows, others) {
  const before = new Map(others.map((row) => [row.key, row.all]));
  for (const row of rows) {
    const other = before.get(row.key);
    row.speedup = other === undefined || row.all === 0 ? null : other / row.all;
  }
}

/** The page recomputes times; where it comes to other ones than accelsim did, it says so. */
function warnOfDifference(run, own) {
  const off = Math.abs(own.total.seconds - run.total.seconds) / (run.total.seconds || 1);
  if (off < 1e-6) return;
  byId("notice").hidden = false;
  byId("notice").textContent =
    `This page computes ${secondsText(own.total.seconds)} where accelsim computed ` +
    `${secondsText(run.total.seconds)}; trust the latter, and report it as a defect.`;
}

function openChart() {
  if (chart) return chart;
  chart = echarts.init(byId("chart"), null, {renderer: "svg"});
  chart.on("click", ({seriesId, data: point}) => seriesId === "layers" && act.choose(point.name));
  new ResizeObserver(() => {
    const {clientWidth, clientHeight} = byId("chart");
    if (!clientWidth || (clientWidth === chart.getWidth() && clientHeight === chart.getHeight())) return;
    chart.resize();
    render();
  }).observe(byId("chart"));
  return chart;
}

function listen() {
  byId("query").addEventListener("input", () => change(() => { state.query = byId("query").value; }));
  byId("reset").addEventListener("click", () => change(() => { state.scale = {...AS_BUILT}; }));
  byId("baseline").addEventListener("change", () => change(() => {
    const place = byId("baseline").value;
    state.baseline = place === "" ? null : data.runs[Number(place)];
  }));
  byId("pin").addEventListener("click", () => change(() => { state.baseline = findRun(data, state.key); }));
  byId("all").addEventListener("click", () => change(() => {
    state.query = byId("query").value = "";
    state.hidden.clear();
    state.chosen.clear();
  }));
  window.addEventListener("hashchange", () => {
    state = fromHash(data, location.hash);
    render();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", render);
}

learnKinds(data);
makeSliders(act);
makeBaselines(data);
listen();
render();
byId("footer").textContent =
  `accelsim ${data.version}. A layer takes as long as the slowest of its memory traffic, its matrix ` +
  "operations and its vector operations. What-if factors scale the run that is shown, never the one it is compared with.";
performance.mark("roofline:ready");
performance.measure("roofline:interactive", {start: 0, end: "roofline:ready"});
