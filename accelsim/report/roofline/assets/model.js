// How long a run takes on its device, and on that device with other bandwidths and peaks.

const LIMITS = ["memory", "compute", "vector"];
const SCALES = {bandwidth: "Bandwidth", peak: "All peaks"};
const AS_BUILT = {bandwidth: 1, peak: 1};
const isAsBuilt = (scale) => Object.keys(AS_BUILT).every((name) => scale[name] === 1);

/** The rows of a run: columns become objects. */
function rowsOf(data, run) {
  const column = (name) => data.columns[run.columns[name]];
  const text = (name) => column(name).map((place) => data.strings[place]);
  const names = text("name");
  const columns = {};
  for (const name of ["kind", "stage", "bound", "computes_in"]) columns[name] = text(name);
  for (const name of Object.keys(run.columns)) columns[name] ??= column(name);
  return names.map((name, i) => {
    const row = {name, place: i};
    for (const [key, values] of Object.entries(columns)) if (key !== "name") row[key] = values[i];
    row.key = `${row.stage}/${name}`;
    row.intensity = row.bytes ? row.operations / row.bytes : null;
    return row;
  });
}

/** Seconds that memory, matrix units and vector units each need at one point. */
function needsAt(point, roofs, strings, scale) {
  const [bytes, vector, ...matrix] = point;
  let compute = 0;
  for (let i = 0; i < matrix.length; i += 2) {
    if (matrix[i + 1] === 0) continue;
    compute += matrix[i + 1] / (roofs.peak_operations_per_s[strings[matrix[i]]] * scale.peak);
  }
  const vectorPeak = roofs.vector_operations_per_s;
  return [
    bytes / (roofs.bandwidth_bytes_per_s * scale.bandwidth),
    compute,
    vectorPeak === null ? 0 : vector / (vectorPeak * scale.peak),
  ];
}

const longest = (needs) => needs.indexOf(Math.max(...needs));

/**
 * Add the times of steps that lie evenly between two needs to the sums of what bounds them.
 *
 * Each need is a straight line over the steps. One that is the longest at both ends is the
 * longest in between, because the longest of straight lines is convex; else the steps are halved.
 */
function addTimes(first, last, steps, sums) {
  let [a, b] = [longest(first), longest(last)];
  if (first[b] === first[a]) a = b;
  if (last[a] === last[b]) b = a;
  if (a === b || steps === 1) {
    sums[a] += steps === 1 ? first[a] : (steps * (first[a] + last[a])) / 2;
    return;
  }
  const half = Math.floor(steps / 2);
  const at = (i) => first.map((value, k) => value + ((last[k] - value) * i) / (steps - 1));
  addTimes(first, at(half - 1), half, sums);
  addTimes(at(half), last, steps - half, sums);
}

/** Mean seconds of one run of a row, and the part of them that each limit bounds. */
function timeOf(row, roofs, strings, scale) {
  const sums = [0, 0, 0];
  let steps = 0;
  for (const [count, first, last] of row.segments) {
    const needs = needsAt(first, roofs, strings, scale);
    addTimes(needs, last ? needsAt(last, roofs, strings, scale) : needs, count, sums);
    steps += count;
  }
  const limits = sums.map((sum) => sum / steps);
  return {seconds: limits[0] + limits[1] + limits[2], limits};
}

const sum = (values) => values.reduce((total, value) => total + value, 0);

/**
 * A run on its device with scaled roofs: each row with its time, share and bound, and totals.
 *
 * Times to the first token and between tokens follow the rows of their stages.
 */
function evaluate(data, run, scale) {
  const roofs = data.roofs[run.roofs];
  const asBuilt = isAsBuilt(scale);
  const rows = rowsOf(data, run).map((row) => {
    const time = timeOf(row, roofs, data.strings, scale);
    const before = asBuilt ? time : timeOf(row, roofs, data.strings, AS_BUILT);
    const bound = asBuilt ? row.bound : LIMITS[longest(time.limits)];
    return {...row, ...time, bound, all: row.repeat * time.seconds, before: row.repeat * before.seconds};
  });
  const seconds = sum(rows.map((row) => row.all));
  for (const row of rows) {
    row.share = seconds ? row.all / seconds : 0;
    row.rate = row.seconds ? row.operations / row.seconds : 0;
  }
  return {run, rows, scale, roofs: scaledRoofs(roofs, scale), total: totals(run.total, rows, seconds)};
}

function totals(given, rows, seconds) {
  const ratio = (stage) => {
    const found = rows.filter((row) => stage === null || row.stage === stage);
    const [after, before] = [sum(found.map((row) => row.all)), sum(found.map((row) => row.before))];
    return before ? after / before : 1;
  };
  const times = (value, stage) => (value === null ? null : value * ratio(stage));
  return {
    ...given,
    seconds,
    tokens_per_s: given.tokens_per_s === null ? null : given.tokens_per_s / ratio(null),
    time_to_first_token_s: times(given.time_to_first_token_s, "prefill"),
    time_per_output_token_s: times(given.time_per_output_token_s, "decode"),
    limits: LIMITS.map((_, i) => sum(rows.map((row) => row.repeat * row.limits[i]))),
  };
}

/**
 * Roofs as the chart draws them: formats with one peak share a roof.
 *
 * A format at the peak of elementwise operations runs on the same units, and shares that roof.
 */
function scaledRoofs(roofs, scale) {
  const bandwidth = roofs.bandwidth_bytes_per_s * scale.bandwidth;
  const vector = roofs.vector_operations_per_s;
  const shared = new Map();
  for (const [name, peak] of Object.entries(roofs.peak_operations_per_s)) {
    shared.set(peak, [...(shared.get(peak) ?? []), name]);
  }
  if (vector !== null) shared.set(vector, [...(shared.get(vector) ?? []), "vector"]);
  const peaks = [...shared].map(([peak, formats]) => {
    const ridge = (peak * scale.peak) / bandwidth;
    return {formats, peak: peak * scale.peak, ridge, isVector: peak === vector};
  });
  return {bandwidth, peaks};
}
