// Everything around the chart: selectors, totals, sliders, memory, kinds.

function renderSelectors(data, state, act) {
  const many = varying(data);
  const fields = many.map((i) => {
    const select = make("select", {id: `select-${data.dimensions[i][0]}`});
    for (const value of valuesOf(data, i)) {
      const key = state.key.map((old, k) => (k === i ? value : old));
      const text = findRun(data, key) ? value : `${value} (not computed)`;
      select.append(make("option", {value, selected: value === state.key[i]}, text));
    }
    select.dataset.focus = select.id;
    select.addEventListener("change", () => act.select(i, select.value));
    return make("label", {}, make("span", {}, data.dimensions[i][1]), select);
  });
  byId("selectors").replaceChildren(...fields);
}

/** What all runs share, and the device in words. */
function renderSubtitle(data, run) {
  const shared = data.dimensions.map((_, i) => i).filter((i) => !varying(data).includes(i));
  const texts = shared
    .filter((i) => data.dimensions[i][0] !== "variant" && run.key[i] !== NONE)
    .map((i) => valueText(data, i, run.key[i]));
  byId("subtitle").textContent = [run.title, ...texts].filter(Boolean).join(" · ");
}

/** Say that a combination was not computed, and offer those that come closest. */
function renderMissing(data, state, act) {
  const told = varying(data).map((i) => `${data.dimensions[i][1].toLowerCase()} ${state.key[i]}`);
  const buttons = nearest(data, state.key, 3).map((run) => {
    const button = make("button", {type: "button"}, runText(data, run));
    button.addEventListener("click", () => act.show(run));
    return button;
  });
  byId("notice").replaceChildren(`Not computed: ${told.join(", ")}. Closest: `, ...buttons);
}

const TOTALS = [
  ["seconds", "Time", secondsText],
  ["tokens_per_s", "Tokens a second", (value) => digits(value)],
  ["time_to_first_token_s", "Time to first token", secondsText],
  ["time_per_output_token_s", "Time per output token", secondsText],
  ["operations", "Operations", countText],
  ["bytes", "Bytes", bytesText],
  ["intensity", "Operations per byte", intensityText],
];

function renderTotals(shown, compared, text) {
  const tiles = TOTALS.filter(([name]) => shown.total[name] !== null).map(([name, title, format]) => {
    const value = figure("strong", shown.total[name], format, {id: `total-${name}`});
    const extra = name === "operations" && shown.total.dequantize_operations
      ? make("span", {className: "note"}, `${countText(shown.total.dequantize_operations)} to dequantise`)
      : null;
    return make("div", {className: "tile"}, make("span", {}, title), value, extra);
  });
  if (compared) {
    const speedup = compared.total.seconds / shown.total.seconds;
    const value = figure("strong", speedup, timesText, {id: "total-speedup"});
    const note = make("span", {className: "note", title: text}, `${secondsText(compared.total.seconds)}: ${text}`);
    tiles.splice(1, 0, make("div", {className: "tile compared"}, make("span", {}, "Speed-up"), value, note));
  }
  byId("totals").replaceChildren(...tiles);
}

/** Shares of one whole as a bar and a legend. */
function stacked(parts, whole) {
  const bar = make("div", {className: "stack", "aria-hidden": "true"});
  const legend = make("ul", {className: "legend"});
  for (const {name, value, text, className} of parts) {
    bar.append(make("span", {className, style: `width:${((100 * value) / whole).toFixed(2)}%`}));
    const amount = make("span", {"data-value": String(value), "data-part": name}, text);
    legend.append(make("li", {}, make("span", {className: `swatch ${className}`}), `${name} `, amount));
  }
  return [bar, legend];
}

function renderBounds(shown) {
  const whole = shown.total.seconds || 1;
  const parts = LIMITS.map((name, i) => {
    const value = shown.total.limits[i];
    return {name, value, text: shareText(value / whole), className: name};
  });
  byId("bounds").replaceChildren(...stacked(parts.filter(({value}) => value > 0), whole));
}

function renderMemory(run) {
  const {memory_bytes: used, memory_capacity_bytes: capacity, fits} = run.total;
  if (used === null) return byId("memory").replaceChildren(make("p", {id: "memory-text"}, "not known"));
  const whole = Math.max(used.total, capacity ?? 0);
  const titles = {weights: "weights", kv_cache: "KV cache", activations: "activations"};
  const parts = Object.entries(titles).map(([key, name]) => {
    return {name, value: used[key], text: bytesText(used[key]), className: `part-${key}`};
  });
  const of = capacity === null ? "capacity unknown" : `of ${bytesText(capacity)}`;
  const total = figure("strong", used.total, bytesText, {id: "memory-total"});
  const verdict = {true: ": fits", false: ": does not fit", null: ""}[String(fits)];
  const head = make("p", {id: "memory-text", className: fits === false ? "over" : ""}, total, ` ${of}${verdict}`);
  const [bar, legend] = stacked(parts, whole);
  if (fits === false && capacity !== null) {
    const mark = `left:${((100 * capacity) / whole).toFixed(2)}%`;
    bar.append(make("i", {style: mark, title: "capacity"}));
  }
  byId("memory").replaceChildren(head, bar, legend);
}

/** Sliders are made once: one that is being dragged must stay the same element. */
function makeSliders(act) {
  for (const [name, title] of Object.entries(SCALES)) {
    const slider = make("input", {
      type: "range", min: String(Math.log2(LOWEST)), max: String(Math.log2(HIGHEST)), step: "any",
      id: `slider-${name}`, "aria-label": `${title}, times`,
    });
    const box = make("input", {
      type: "number", min: String(LOWEST), max: String(HIGHEST), step: "any", id: `box-${name}`,
      "aria-label": `${title}, times`,
    });
    slider.addEventListener("input", () => act.scale(name, snapped(2 ** Number(slider.value))));
    slider.addEventListener("keydown", (event) => stepSlider(event, slider, name, act));
    box.addEventListener("change", () => {
      const value = within(Number(box.value) || 1);
      box.value = String(value);
      act.scale(name, value);
    });
    const field = make("div", {className: "slider", id: `field-${name}`});
    field.append(make("span", {}, title), slider, make("span", {className: "times"}, "x", box));
    byId("sliders").append(field);
  }
}

/** To two digits: nobody means 1.0372 with a mouse; finer steps are for the box. */
const snapped = (value) => within(Number(value.toPrecision(2)));

/** An arrow key is a quarter of a doubling. */
function stepSlider(event, slider, name, act) {
  const way = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1}[event.key];
  if (!way) return;
  event.preventDefault();
  const quarters = Math.round(Number(slider.value) * 4) + way;
  // At once: the next press may come before the next drawing.
  slider.value = String(quarters / 4);
  act.scale(name, within(2 ** (quarters / 4)));
}

function renderSliders(state, shown) {
  for (const name of Object.keys(SCALES)) {
    byId(`slider-${name}`).value = String(Math.log2(state.scale[name]));
    const box = byId(`box-${name}`);
    // What is being typed is not overwritten.
    if (box !== document.activeElement) box.value = String(Number(state.scale[name].toPrecision(4)));
  }
  byId("field-peak").hidden = shown.roofs.peaks.length === 0;
  byId("reset").disabled = isAsBuilt(state.scale);
}

function renderKinds(state, rows, act) {
  const kinds = [...new Set(rows.map((row) => row.kind))];
  const boxes = kinds.map((kind) => {
    const box = make("input", {type: "checkbox", checked: !state.hidden.has(kind)});
    box.dataset.focus = `kind-${kind}`;
    box.addEventListener("change", () => act.kind(kind, box.checked));
    const mark = make("span", {className: "swatch", style: `background:${colourOf(kind)}`});
    return make("label", {className: "kind"}, box, mark, kind);
  });
  byId("kinds").replaceChildren(...boxes);
}

function renderShown(state, rows) {
  const drawn = rows.filter((row) => isDrawn(state, row));
  const share = sum(drawn.map((row) => row.share));
  const all = drawn.length === rows.length;
  byId("shown").textContent = all ? "" : `${drawn.length} of ${rows.length} layers, ${shareText(share)} of the time`;
  byId("all").hidden = all;
  if (document.activeElement !== byId("query")) byId("query").value = state.query;
  const undrawn = [...new Set(rows.filter((row) => !drawable(row)).map((row) => row.name))];
  byId("undrawn").hidden = undrawn.length === 0;
  byId("undrawn").textContent = `Not in the chart, no operations: ${undrawn.join(", ")}`;
}

/** What accelsim remarks on a run: peaks that are not known, and the like. */
function renderNotes(run) {
  byId("notes").hidden = run.notes.length === 0;
  byId("notes").replaceChildren(...run.notes.map((note) => make("li", {}, note)));
}

function makeBaselines(data) {
  const options = data.runs.map((run, i) => make("option", {value: String(i)}, runText(data, run)));
  byId("baseline").append(make("option", {value: ""}, "nothing"), ...options);
}
