// Designs as points over any two figures; the front ringed and, over two objectives, drawn as a line.

const NEAR = 14;

function setUpPareto(model, act) {
  const canvas = make("canvas", {tabIndex: 0, role: "img", "aria-label": "Designs over two figures; the table of the front holds the same figures", "aria-describedby": "pareto-note"});
  byId("pareto").append(canvas, make("canvas", {className: "marks"}));
  canvas.addEventListener("pointermove", (event) => {
    const place = nearest(...within(canvas, event));
    act.point(place);
    if (place === null) hideTip();
    else showTip(event, ...tipOf(model, place));
  });
  canvas.addEventListener("pointerleave", () => { act.point(null); hideTip(); });
  canvas.addEventListener("click", (event) => act.select(nearest(...within(canvas, event))));
  canvas.addEventListener("keydown", (event) => {
    const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
    if (event.key === "Escape") act.select(null);
    if (!step) return;
    event.preventDefault();
    act.along(step);
  });
}

let pareto = {shown: [], x: null, y: null, xs: [], ys: []};

function nearest(x, y) {
  let [found, least] = [null, NEAR ** 2];
  for (const place of pareto.shown) {
    const [dx, dy] = [pareto.x.to(pareto.xs[place]) - x, pareto.y.to(pareto.ys[place]) - y];
    // Of two that lie together the one of the front is meant.
    const distance = dx * dx + dy * dy - (pareto.onFront[place] ? 16 : 0);
    if (distance < least) [found, least] = [place, distance];
  }
  return found;
}

function tipOf(model, place) {
  const {data} = model;
  const status = ["", ", fails a constraint", ""][data.status[place]];
  const head = make("strong", {}, `Point ${data.numbers[place]}${model.onFront[place] ? ", on the front" : status}`);
  const rows = [
    ...model.objectives.map(({label, unit, values}) => [label, unitText(values[place], unit)]),
    ...parametersOf(model, place).map(([name, value]) => [name, valueText(value)]),
  ];
  return [head, facts(rows.slice(0, 14))];
}

/** Figures of an axis by its name. */
const figureOf = (model, name) => model.data.figures.find((figure) => figure.name === name);

function drawPareto(model, state, passes, colours) {
  const box = byId("pareto");
  const drawing = openCanvas(box);
  const {pen, width, height} = drawing;
  const [fx, fy] = [figureOf(model, state.x), figureOf(model, state.y)];
  const [xs, ys] = [fx.values, fy.values];
  const shown = model.drawable.filter((i) => xs[i] !== null && ys[i] !== null
    && (model.data.status[i] === OK || state.infeasible)
    && !(state.logX && xs[i] <= 0) && !(state.logY && ys[i] <= 0));
  const frame = {left: 78, right: width - 14, top: 10, bottom: height - 40};
  const scale = (values, log, from, to) => makeScale(widened(extent(shown.map((i) => values[i])), log), log, from, to);
  const x = scale(xs, state.logX, frame.left, frame.right);
  const y = scale(ys, state.logY, frame.bottom, frame.top);
  const isShown = new Uint8Array(model.count);
  for (const i of shown) isShown[i] = 1;
  pareto = {shown, isShown, x, y, xs, ys, onFront: model.onFront};
  drawFrame(drawing, frame, x, y, figureTitle(fx), figureTitle(fy), (value) => unitText(value, fx.unit, 3), (value) => unitText(value, fy.unit, 3));
  if (!shown.length) {
    pen.textAlign = "center";
    pen.fillText("no design has both figures", width / 2, height / 2);
    return;
  }
  const at = (i) => [x.to(xs[i]), y.to(ys[i])];
  const [faint, muted, ink, ground] = ["--faint", "--muted", "--ink", "--surface"].map(cssColour);
  const groups = [[], [], [], []];
  for (const i of shown) groups[model.onFront[i] ? 3 : !passes[i] ? 0 : model.data.status[i] === INFEASIBLE ? 1 : 2].push(i);
  pen.globalAlpha = 0.4;
  const many = shown.length > 3000;
  const mark = many ? square : dot;
  for (const i of groups[0]) mark(pen, at(i), 2, faint);
  for (const i of groups[1]) mark(pen, at(i), 2.4, muted);
  pen.globalAlpha = many ? 0.5 : 0.75;
  for (const i of groups[2]) mark(pen, at(i), many ? 1.8 : 3, colours.of(i));
  pen.globalAlpha = 1;
  if (fx.goal && fy.goal && fx !== fy) drawFront(pen, groups[3].filter((i) => model.data.status[i] === OK), x, y, fx, fy, ink);
  for (const i of groups[3].sort((a, b) => passes[a] - passes[b])) {
    dot(pen, at(i), 5, passes[i] ? colours.of(i) : ground);
    pen.strokeStyle = passes[i] ? ink : faint;
    pen.lineWidth = 1.4;
    pen.stroke();
  }
}

/** Rings around what is chosen and what the pointer is at, on a canvas of their own: all else stays. */
function markPareto(model, state) {
  const {pen} = openCanvas(byId("pareto"), undefined, undefined, 1);
  for (const [place, size] of [[state.selected, 9], [state.pointed, 8]]) {
    if (place === null || !pareto.isShown?.[place]) continue;
    dot(pen, [pareto.x.to(pareto.xs[place]), pareto.y.to(pareto.ys[place])], size, "transparent");
    pen.strokeStyle = cssColour("--accent");
    pen.lineWidth = 2.2;
    pen.stroke();
  }
}

/** What is drawn fastest. */
function square(pen, [x, y], size, colour) {
  pen.fillStyle = colour;
  pen.fillRect(x - size, y - size, 2 * size, 2 * size);
}

function dot(pen, [x, y], size, colour) {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.arc(x, y, size, 0, 2 * Math.PI);
  pen.fill();
}

/** Steps through those of the front that no other betters in these two objectives. */
function drawFront(pen, places, x, y, fx, fy, ink) {
  const [sx, sy] = [fx, fy].map(({goal}) => (goal === "minimize" ? 1 : -1));
  const order = [...places].sort((i, j) => sx * (fx.values[i] - fx.values[j]) || sy * (fy.values[i] - fy.values[j]));
  pen.strokeStyle = ink;
  pen.lineWidth = 1.2;
  pen.beginPath();
  let last = null;
  for (const i of order) {
    if (last !== null && sy * fy.values[i] >= sy * fy.values[last]) continue;
    const [px, py] = [x.to(fx.values[i]), y.to(fy.values[i])];
    if (last === null) pen.moveTo(px, py);
    else {
      pen.lineTo(px, y.to(fy.values[last]));
      pen.lineTo(px, py);
    }
    last = i;
  }
  pen.stroke();
}

function setUpAxes(model, state, act) {
  const names = model.data.figures.map(({name, label, goal}) => [name, label + (goal ? " *" : "")]);
  const colours = [["", "nothing"], ...model.data.parameters.filter(({values}) => values.length > 1).map(({name}) => [name, name])];
  byId("axes").append(
    choice("Across", "x", names, state, act), check("log", "logX", act),
    choice("Up", "y", names, state, act), check("log", "logY", act),
    choice("Colour", "colour", colours, state, act),
    ...(model.data.status.includes(INFEASIBLE) ? [check("those that fail a constraint", "infeasible", act)] : []),
  );
}

function choice(title, key, entries, state, act) {
  const select = make("select", {id: `choose-${key}`}, ...entries.map(([value, text]) => make("option", {value}, text)));
  select.addEventListener("change", () => act.set(key, select.value));
  return make("label", {}, make("span", {}, title), select);
}

function check(title, key, act) {
  const box = make("input", {type: "checkbox", id: `choose-${key}`});
  box.addEventListener("change", () => act.set(key, box.checked));
  return make("label", {className: "check"}, box, make("span", {}, title));
}

function renderAxes(state) {
  for (const key of ["x", "y", "colour"]) byId(`choose-${key}`).value = state[key];
  for (const key of ["logX", "logY", "infeasible"]) {
    const box = byId(`choose-${key}`);
    if (box) box.checked = state[key];
  }
}

function renderLegend(colours) {
  const most = 24;
  const entries = colours.entries.slice(0, most).map(([text, colour]) => make("li", {}, make("span", {className: "swatch", style: `background:${colour}`}), text));
  if (colours.entries.length > most) entries.push(make("li", {}, `and ${colours.entries.length - most} more`));
  byId("legend").replaceChildren(...entries);
}
