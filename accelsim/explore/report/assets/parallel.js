// Parameters and objectives as axes side by side, a line a design; part of an axis can be kept.

const MOST_LINES = 3000;
const MOST_FAINT = 600;
const TOP = 46;
const BOTTOM = 14;

function setUpParallel(model, state, act) {
  const inner = make("div", {}, make("canvas"), make("canvas"));
  const overlay = svg("svg");
  inner.append(overlay);
  byId("parallel").append(inner);
  model.axes.forEach((axis, i) => overlay.append(axisGroup(axis, i, state, act)));
}

function axisGroup(axis, i, state, act) {
  const group = svg("g", {tabindex: 0, role: "slider", "data-axis": axis.key, "aria-valuemin": 0, "aria-valuemax": axis.steps, "aria-valuenow": 0});
  const name = svg("text", {class: "name", "text-anchor": "middle"});
  const line = svg("line", {class: "axis"});
  const brush = svg("rect", {class: "brush", width: 12});
  const hit = svg("rect", {class: "hit", width: 30});
  group.append(line, name, ...axis.ticks.map(() => svg("text", {class: "tick", "dominant-baseline": "middle"})), brush, hit, svg("title"));
  drag(axis, hit, act);
  group.addEventListener("keydown", (event) => {
    const kept = narrowed(axis, state.filters.get(axis.key) ?? [0, 1], event.key);
    if (kept === undefined) return;
    event.preventDefault();
    act.keep(axis.key, kept);
  });
  return group;
}

/** What is kept after a key: one step less, all, or undefined for other keys. */
function narrowed(axis, [low, high], key) {
  const step = 1 / axis.steps;
  if (key === "Escape") return null;
  if (key === "ArrowUp") return [Math.min(low + step, high - step / 2), high];
  if (key === "ArrowDown") return [low, Math.max(high - step, low + step / 2)];
  return undefined;
}

function drag(axis, hit, act) {
  let start = null;
  const place = (event) => {
    const height = hit.height.baseVal.value - 12;
    const [, y] = within(hit, event);
    return Math.min(1, Math.max(0, 1 - (y - 6) / height));
  };
  hit.addEventListener("pointerdown", (event) => {
    start = place(event);
    hit.setPointerCapture(event.pointerId);
    event.preventDefault();
    hit.parentNode.focus({preventScroll: true});
  });
  hit.addEventListener("pointermove", (event) => {
    if (start === null) return;
    const now = place(event);
    if (Math.abs(now - start) > 0.012) act.keep(axis.key, [Math.min(start, now), Math.max(start, now)], "filter");
  });
  hit.addEventListener("pointerup", (event) => {
    if (start === null) return;
    const now = place(event);
    // Tables follow once the pointer is up: they take longer than the lines.
    act.keep(axis.key, Math.abs(now - start) > 0.012 ? [Math.min(start, now), Math.max(start, now)] : null);
    start = null;
  });
}

function drawParallel(model, state, passes, colours) {
  const outer = byId("parallel");
  const inner = outer.firstElementChild;
  const each = Math.max(78, outer.clientWidth / model.axes.length);
  const width = Math.floor(each * model.axes.length);
  const height = 330;
  inner.style.width = `${width}px`;
  const drawing = openCanvas(inner, width, height);
  for (const canvas of inner.querySelectorAll("canvas")) {
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const overlay = inner.querySelector("svg");
  overlay.setAttribute("width", width);
  overlay.setAttribute("height", height);
  const x = (i) => Math.round(each * (i + 0.5)) + 0.5 - each * 0.18;
  const y = (place) => TOP + (1 - place) * (height - TOP - BOTTOM);
  parallel = {x, y, width, height};
  drawLines(drawing.pen, model, state, passes, colours);
  model.axes.forEach((axis, i) => placeAxis(overlay.children[i], axis, x(i), y, each, i, state));
}

let parallel = null;

function drawPath(pen, model, place) {
  pen.beginPath();
  model.axes.forEach(({places}, k) => pen[k ? "lineTo" : "moveTo"](parallel.x(k), parallel.y(places[place])));
  pen.stroke();
}

function drawLines(pen, model, state, passes, colours) {
  const all = model.drawable.filter((i) => model.data.status[i] === OK || state.infeasible);
  const kept = all.filter((i) => passes[i]);
  const front = kept.filter((i) => model.onFront[i]);
  const lines = spread(kept.filter((i) => !model.onFront[i]), MOST_LINES);
  const path = (i) => drawPath(pen, model, i);
  pen.lineWidth = 1;
  pen.strokeStyle = cssColour("--faint");
  pen.globalAlpha = 0.18;
  if (kept.length < all.length) spread(all.filter((i) => !passes[i]), MOST_FAINT).forEach(path);
  pen.globalAlpha = Math.min(0.7, Math.max(0.07, 60 / Math.max(lines.length, 1)));
  for (const i of lines) {
    pen.strokeStyle = model.data.status[i] === OK ? colours.of(i) : cssColour("--faint");
    path(i);
  }
  pen.globalAlpha = 0.9;
  pen.lineWidth = 1.5;
  for (const i of spread(front, MOST_LINES)) {
    pen.strokeStyle = colours.of(i);
    path(i);
  }
}

/** The lines of what is chosen and of what the pointer is at. */
function markParallel(model, state) {
  const {pen} = openCanvas(byId("parallel").firstElementChild, parallel.width, parallel.height, 1);
  pen.lineWidth = 3;
  pen.strokeStyle = cssColour("--accent");
  for (const i of [state.selected, state.pointed]) if (i !== null && model.isDrawable[i]) drawPath(pen, model, i);
}

/** At most so many, evenly over all. */
function spread(places, most) {
  if (places.length <= most) return places;
  return range(most).map((i) => places[Math.floor((i * places.length) / most)]);
}

function placeAxis(group, axis, x, y, room, i, state) {
  const [line, name] = group.children;
  const kept = state.filters.get(axis.key);
  for (const [key, value] of Object.entries({x1: x, x2: x, y1: y(1), y2: y(0)})) line.setAttribute(key, value);
  // Names stand in two rows, so that each has the room of two axes.
  name.setAttribute("x", Math.max(x, room * 0.3));
  name.setAttribute("y", i % 2 ? 30 : 13);
  name.setAttribute("text-anchor", i ? "middle" : "start");
  if (!i) name.setAttribute("x", 4);
  name.textContent = shortened(axis.name, Math.floor((room * (i ? 1.8 : 1.3)) / 7));
  const every = Math.ceil(axis.ticks.length / 16);
  axis.ticks.forEach((tick, k) => {
    const text = group.children[2 + k];
    text.setAttribute("x", x + 8);
    text.setAttribute("y", y(tick.at));
    text.textContent = k % every ? "" : shortened(tick.text, Math.floor((room - 18) / 6));
  });
  const [brush, hit, title] = [...group.children].slice(-3);
  brush.setAttribute("display", kept ? "" : "none");
  brush.setAttribute("x", x - 6);
  brush.setAttribute("y", kept ? y(kept[1]) : 0);
  brush.setAttribute("height", kept ? Math.max(1, y(kept[0]) - y(kept[1])) : 0);
  hit.setAttribute("x", x - 15);
  hit.setAttribute("y", y(1) - 6);
  hit.setAttribute("height", y(0) - y(1) + 12);
  const text = kept ? keptText(axis, kept) : "all";
  title.textContent = `${axis.name}: ${text}`;
  group.setAttribute("aria-label", `${axis.name}${axis.goal ? `, ${GOALS[axis.goal]}` : ""}`);
  group.setAttribute("aria-valuetext", text);
}

function keptText(axis, [low, high]) {
  const inside = axis.ticks.filter(({at}) => at >= low && at <= high).map(({text}) => text);
  return inside.length ? inside.join(", ") : `${shareText(low)} to ${shareText(high)} of the axis`;
}

const shortened = (text, most) => (text.length <= most ? text : `${text.slice(0, Math.max(1, most - 2))}..`);

function renderPassing(model, state, passes) {
  const all = model.drawable.filter((i) => model.data.status[i] === OK || state.infeasible);
  const kept = all.filter((i) => passes[i]).length;
  const drawn = kept > MOST_LINES ? `; ${wholeText(MOST_LINES)} of the lines are drawn` : "";
  byId("passing").textContent = (state.filters.size ? `${wholeText(kept)} of ${wholeText(all.length)} designs pass` : `${wholeText(all.length)} designs`) + drawn;
  byId("passing").dataset.count = String(kept);
  byId("clear").hidden = state.filters.size === 0;
}
