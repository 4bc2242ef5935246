// The study: points in columns, what is on the front, and which points pass the filters.

const OK = 0;
const INFEASIBLE = 1;
const MOST_COLOURS = 10;

function buildModel(data) {
  const count = data.numbers.length;
  const placeOf = new Map(data.numbers.map((number, i) => [number, i]));
  const onFront = new Uint8Array(count);
  const front = [];
  for (const design of data.front) {
    const place = placeOf.get(design.number);
    if (place === undefined) continue;
    onFront[place] = 1;
    front.push({...design, place});
  }
  const objectives = data.figures.filter((figure) => figure.goal);
  const model = {data, count, placeOf, onFront, front, objectives};
  model.axes = [
    ...data.parameters.map((parameter, i) => parameterAxis(parameter, data.chosen[i])),
    ...objectives.map((figure) => figureAxis(figure, data.status)),
  ];
  model.drawable = range(count).filter((i) => data.status[i] !== 2 && objectives.every(({values}) => values[i] !== null));
  model.isDrawable = new Uint8Array(count);
  for (const i of model.drawable) model.isDrawable[i] = 1;
  return model;
}

const range = (count) => Array.from({length: count}, (_, i) => i);
const known = (values) => values.filter((value) => value !== null);

function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value === null) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** Whether only logarithms tell the figures apart; the same rule as in axes.py. */
function wantsLog(values) {
  const [low, high] = extent(values);
  return low > 0 && high > 30 * low;
}

/** Places 0 to 1 of all points: the middle of the step of their value, what is absent at the bottom. */
function parameterAxis(parameter, chosen) {
  const absent = chosen.includes(-1) ? 1 : 0;
  const steps = parameter.values.length + absent;
  const at = (place) => (place + absent + 0.5) / steps;
  const ticks = parameter.values.map((value, i) => ({at: at(i), text: valueText(value)}));
  if (absent) ticks.unshift({at: at(-1), text: "absent"});
  return {key: `p:${parameter.name}`, name: parameter.name, steps, ticks, places: Float32Array.from(chosen, at)};
}

function figureAxis(figure, status) {
  const shown = figure.values.map((value, i) => (status[i] === 2 ? null : value));
  const scale = makeScale(extent(shown), wantsLog(known(shown)), 0.02, 0.98);
  const places = Float32Array.from(figure.values, (value) => (value === null ? NaN : scale.to(value)));
  const ticks = scale.ticks(5).map((value) => ({at: scale.to(value), text: unitText(value, figure.unit, 3)}));
  return {key: `f:${figure.name}`, name: figure.label, goal: figure.goal, steps: 50, ticks, places};
}

/** Which points pass all filters: 1 or 0 of each. */
function passing(model, filters) {
  const passes = new Uint8Array(model.count).fill(1);
  for (const {key, places} of model.axes) {
    const kept = filters.get(key);
    if (!kept) continue;
    for (let i = 0; i < model.count; i++) {
      if (!(places[i] >= kept[0] && places[i] <= kept[1])) passes[i] = 0;
    }
  }
  return passes;
}

/** Parameters of a point that apply to it, as [name, value]. */
function parametersOf(model, place) {
  return model.data.parameters
    .map(({name, values}, i) => [name, values[model.data.chosen[i][place]]])
    .filter(([, value]) => value !== undefined);
}

/** How points are coloured by a parameter: the colour of each place of a value, -1 for absent. */
function colouring(model, name, dark) {
  const i = model.data.parameters.findIndex((parameter) => parameter.name === name);
  const ink = cssColour("--busy");
  if (i < 0) return {of: () => ink, entries: []};
  const {values, kind} = model.data.parameters[i];
  const chosen = model.data.chosen[i];
  const grey = cssColour("--muted");
  const colours = values.map((_, place) => (kind === "number"
    ? ramp(values.length > 1 ? place / (values.length - 1) : 0, dark)
    : cssColour(`--kind-${place % MOST_COLOURS}`)));
  const entries = values.map((value, place) => [valueText(value), colours[place]]);
  if (chosen.includes(-1)) entries.push(["absent", grey]);
  return {of: (place) => colours[chosen[place]] ?? grey, entries};
}

const STOPS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

/** From low to high, dark to bright (viridis, S. van der Walt and N. Smith); ends that the ground would hide are cut. */
function ramp(part, dark) {
  const at = (dark ? 0.22 + 0.78 * part : 0.86 * part) * (STOPS.length - 1);
  const below = Math.min(Math.floor(at), STOPS.length - 2);
  const mix = STOPS[below].map((low, i) => Math.round(low + (STOPS[below + 1][i] - low) * (at - below)));
  return `rgb(${mix.join(",")})`;
}

const cssColour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const isDark = () => matchMedia("(prefers-color-scheme: dark)").matches;
