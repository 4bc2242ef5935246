// Values to pixels, linear or logarithmic, with ticks that a person would choose.

function makeScale([low, high], log, from, to) {
  if (!(low <= high)) [low, high] = [log ? 1 : 0, log ? 10 : 1];
  if (log && low <= 0) log = false;
  if (low === high) {
    const part = log ? 2 : Math.abs(low) * 0.1 || 1;
    [low, high] = log ? [low / part, high * part] : [low - part, high + part];
  }
  const forth = log ? Math.log10 : (value) => value;
  const back = log ? (value) => 10 ** value : (value) => value;
  const [first, last] = [forth(low), forth(high)];
  return {
    log, low, high,
    to: (value) => from + ((forth(value) - first) / (last - first)) * (to - from),
    from: (pixel) => back(first + ((pixel - from) / (to - from)) * (last - first)),
    ticks: (most) => (log ? logTicks(low, high, most) : linearTicks(low, high, most)),
  };
}

/** The domain with a little room at both ends. */
function widened([low, high], log, part = 0.04) {
  if (log && low > 0) {
    const room = Math.max((high / low) ** part, 1.02);
    return [low / room, high * room];
  }
  const room = (high - low) * part;
  return [low - room, high + room];
}

function linearTicks(low, high, most) {
  const rough = (high - low) / Math.max(most - 1, 1);
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = size * ([1, 2, 2.5, 5, 10].find((each) => each * size >= rough * 0.999) ?? 10);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) found.push(Number((i * step).toPrecision(12)));
  return found;
}

function logTicks(low, high, most) {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const inside = (value) => value >= low * 0.999 && value <= high * 1.001;
  for (const parts of [[1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]]) {
    const found = [];
    for (let k = first; k <= last; k++) found.push(...parts.map((part) => Number((part * 10 ** k).toPrecision(3))).filter(inside));
    if (found.length <= most + 1 && found.length > 1) return found;
  }
  const step = Math.ceil((last - first) / most) || 1;
  const found = [];
  for (let k = first; k <= last; k += step) if (inside(10 ** k)) found.push(Number((10 ** k).toPrecision(3)));
  return found.length > 1 ? found : linearTicks(low, high, most);
}
