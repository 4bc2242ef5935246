// The roofline: roofs as lines, one point a layer, drawn by ECharts as SVG.

const PALETTE = 10;
const NARROW = 560;
const kindPlaces = new Map();

/** Kinds keep their colour whichever run is shown. */
function learnKinds(data) {
  for (const run of data.runs) {
    for (const place of data.columns[run.columns.kind]) {
      const kind = data.strings[place];
      if (!kindPlaces.has(kind)) kindPlaces.set(kind, kindPlaces.size % PALETTE);
    }
  }
}

const colourOf = (kind) => `var(--kind-${kindPlaces.get(kind) ?? 0})`;

function theme() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  const kinds = Array.from({length: PALETTE}, (_, i) => read(`--kind-${i}`));
  return {
    ink: read("--ink"), muted: read("--muted"), line: read("--line"), surface: read("--surface"),
    kind: (kind) => kinds[kindPlaces.get(kind) ?? 0],
  };
}

const drawable = (row) => row.intensity > 0 && row.rate > 0;

/** Whole decades that hold every point, every ridge and the tops of the roofs. */
function axesOf(shown, baseline) {
  const rows = [shown, baseline].flatMap((each) => (each ? each.rows.filter(drawable) : []));
  const roofs = [shown, baseline].flatMap((each) => (each ? [each.roofs] : []));
  const peaks = roofs.flatMap((each) => each.peaks);
  const x = [...rows.flatMap((row) => [row.intensity / 1.3, row.intensity * 1.3]), ...peaks.map((roof) => roof.ridge * 2)];
  const y = [
    ...rows.flatMap((row) => [row.rate / 1.3, row.rate * 1.3]),
    ...peaks.map((roof) => roof.peak * 1.3),
  ];
  const decades = (values, most) => {
    if (values.length === 0) return [0.1, 1e3];
    const high = Math.ceil(Math.log10(Math.max(...values)));
    const low = Math.floor(Math.log10(Math.min(...values)));
    return [10 ** Math.max(low, high - most), 10 ** high];
  };
  return {x: decades(x, 12), y: decades(y, 10)};
}

function drawChart(chart, state, shown, baseline) {
  const look = theme();
  const narrow = chart.getWidth() < NARROW;
  const axes = axesOf(shown, baseline);
  const grid = {left: 66, right: narrow ? 68 : 150, top: 14, bottom: 44};
  const at = geometry(chart, axes, grid);
  const used = new Set(shown.rows.flatMap((row) => row.computes_in.split(", ")));
  const axis = (name, [min, max], gap) => ({
    type: "log", min, max, name, nameLocation: "middle", nameGap: gap,
    nameTextStyle: {color: look.muted, fontSize: 12},
    axisLabel: {color: look.muted, formatter: (value) => scaled(value, COUNTS, 3), hideOverlap: true},
    axisLine: {show: true, lineStyle: {color: look.line}},
    splitLine: {lineStyle: {color: look.line, width: 0.6}},
  });
  chart.setOption({
    animation: false,
    textStyle: {fontFamily: getComputedStyle(document.body).fontFamily},
    grid,
    tooltip: {
      trigger: "item", confine: true, position: besides, formatter: (item) => item.data.tip?.() ?? "",
      backgroundColor: look.surface, borderColor: look.line, textStyle: {color: look.ink},
    },
    xAxis: axis(narrow ? "operations per byte" : "operations per byte of memory traffic", axes.x, 28),
    yAxis: axis("operations per second", axes.y, 50),
    series: [
      ...(baseline ? baselineSeries(baseline, axes, look) : []),
      ...roofSeries(shown.roofs, axes, used, look),
      ridgeSeries(shown.roofs, used, look),
      roofLabels(shown.roofs, at, axes.x[1], used, look, narrow),
      pointSeries(state, shown, axes, at, look),
    ],
  }, {notMerge: true});
}

/** Beside the point, on the side that has more room, so that it stays in sight. */
function besides([x, y], params, element, rectangle, {contentSize, viewSize}) {
  const left = x < viewSize[0] / 2 ? x + 30 : x - 30 - contentSize[0];
  return [left, Math.max(0, Math.min(y - contentSize[1] / 2, viewSize[1] - contentSize[1]))];
}

const line = (id, data, look) => ({id, type: "line", data, symbol: "none", silent: true, lineStyle: look, z: 1});

function roofSeries(roofs, axes, used, look) {
  const right = axes.x[1];
  const series = [line("slope", slopeOf(roofs, axes), {color: look.ink, width: 1.6})];
  roofs.peaks.forEach((roof, i) => {
    const dark = isUsed(roof, used);
    const ends = [[roof.ridge, roof.peak], [right, roof.peak]];
    const type = roof.isVector ? "dashed" : "solid";
    series.push(line(`roof-${i}`, ends, {
      color: dark ? look.ink : look.muted, width: dark ? 1.6 : 0.9, opacity: dark ? 1 : 0.7, type,
    }));
  });
  return series;
}

const isUsed = (roof, used) => roof.formats.some((name) => used.has(name));

/** The slope of the bandwidth, up to the highest roof; without a roof over the whole chart. */
function slopeOf({bandwidth, peaks}, axes) {
  const start = Math.max(axes.x[0], axes.y[0] / bandwidth);
  const top = peaks.length ? Math.max(...peaks.map((roof) => roof.peak)) : axes.y[1];
  const end = Math.min(axes.x[1], top / bandwidth);
  return [[start, start * bandwidth], [end, end * bandwidth]];
}

/** A mark on each ridge point, with its intensity. */
function ridgeSeries(roofs, used, look) {
  const data = roofs.peaks.map((roof) => ({
    value: [roof.ridge, roof.peak],
    itemStyle: {color: look.surface, borderColor: look.ink, borderWidth: 1.2},
    label: {formatter: intensityText(roof.ridge), color: isUsed(roof, used) ? look.ink : look.muted},
    tip: () => tipOf(`Ridge of ${roof.formats.join(", ")}`, [
      ["intensity", `${intensityText(roof.ridge)} op/byte`], ["peak", rateText(roof.peak)],
    ]),
  }));
  return {
    id: "ridges", type: "scatter", symbolSize: 7, data, z: 2,
    label: {show: true, position: "left", distance: 4, fontSize: LABEL_FONT},
    labelLayout: {hideOverlap: true},
  };
}

/** As many names as fit beside a roof with its figure, and at least one. */
function fewNames(names) {
  let text = names[0];
  for (const name of names.slice(1)) {
    if (`${text}, ${name}`.length > 14) return `${text}, ..`;
    text = `${text}, ${name}`;
  }
  return text;
}

/** What each roof is, right of its end. */
function roofLabels(roofs, at, right, used, look, narrow) {
  const all = roofs.peaks.map((roof) => {
    const names = fewNames([...roof.formats].sort((a, b) => used.has(b) - used.has(a)));
    return {peak: roof.peak, names, color: isUsed(roof, used) ? look.ink : look.muted};
  });
  const shifts = spread(all.map(({peak}) => at.y(peak)));
  const data = all.map(({peak, names, color}, i) => {
    const text = narrow ? names : `${names}: ${rateText(peak)}`;
    const width = narrow ? 64 : 146;
    const label = {formatter: () => text, color, offset: [0, shifts[i]], width, overflow: "truncate"};
    return {value: [right, peak], label};
  });
  return {
    id: "roofs", type: "scatter", symbolSize: 0.01, silent: true, data, z: 2, clip: false,
    label: {show: true, position: "right", distance: 4, fontSize: LABEL_FONT},
  };
}

const sizeOf = (row) => 7 + 36 * Math.sqrt(row.share);
const symbolOf = (row) => (row.stage === "prefill" ? "diamond" : "circle");

function pointSeries(state, shown, axes, at, look) {
  const rows = shown.rows.filter(drawable).sort((a, b) => b.share - a.share || a.place - b.place);
  const ridges = shown.roofs.peaks.map((roof) => around([at.x(roof.ridge) - 16, at.y(roof.peak)], 40, LINE));
  const taken = [...ridges, ...roofBoxes(shown.roofs, at, axes.x[1])];
  const labels = placeLabels(grouped(rows.filter((row) => isDrawn(state, row)), at), at, taken);
  const data = rows.filter((row) => passes(state, row)).map((row) => {
    const label = labels.get(row.key);
    const opacity = isDrawn(state, row) ? 0.85 : 0.12;
    const color = look.kind(row.kind);
    return {
      name: row.key,
      value: [row.intensity, row.rate],
      symbolSize: sizeOf(row),
      symbol: symbolOf(row),
      itemStyle: {color, borderColor: look.surface, borderWidth: 1, opacity},
      label: label ? {show: true, formatter: () => label.text, offset: label.offset} : {show: false},
      tip: () => rowTip(row),
    };
  });
  return {
    id: "layers", type: "scatter", data, z: 3,
    label: {position: "inside", fontSize: LABEL_FONT, color: look.ink, textBorderColor: look.surface, textBorderWidth: 2},
    emphasis: {scale: 1.25, itemStyle: {borderColor: look.ink, borderWidth: 2, opacity: 1}},
  };
}

function baselineSeries(baseline, axes, look) {
  const slope = slopeOf(baseline.roofs, axes);
  const roof = baseline.roofs.peaks.length ? [...slope, [axes.x[1], slope[1][1]]] : slope;
  const data = baseline.rows.filter(drawable).map((row) => ({
    value: [row.intensity, row.rate],
    symbolSize: sizeOf(row),
    symbol: symbolOf(row),
    tip: () => rowTip(row, "compared with"),
  }));
  const itemStyle = {color: "transparent", borderColor: look.muted, borderWidth: 1.2, borderType: "dashed"};
  return [
    line("baseline-roof", roof, {color: look.muted, width: 1, type: "dotted"}),
    {id: "baseline", type: "scatter", data, itemStyle, z: 2},
  ];
}

function rowTip(row, note = "") {
  const classes = ["weights", "activations", "kv_cache"].map((name) => {
    return [`of that ${name.replace("kv_cache", "KV cache")}`, bytesText(row[`${name}_bytes`])];
  });
  const dequantize = row.dequantize_operations;
  return tipOf(row.name, [
    ["kind", `${row.kind}, ${row.stage}`],
    ["operations", countText(row.operations)],
    ...(dequantize ? [["of that dequantisation", countText(dequantize)]] : []),
    ["bytes", bytesText(row.bytes)],
    ...classes,
    ["intensity", `${intensityText(row.intensity)} op/byte`],
    ["time", `${secondsText(row.seconds)}, ${wholeText(row.repeat)} times`],
    ["reaches", rateText(row.rate)],
    ["bound", `${row.bound}; computes in ${row.computes_in}`],
    ["share of time", shareText(row.share)],
  ], note);
}

function tipOf(title, pairs, note = "") {
  const list = pairs.flatMap(([name, text]) => [make("dt", {}, name), make("dd", {}, text)]);
  const head = make("strong", {}, note ? `${title} (${note})` : title);
  return make("div", {className: "tip"}, head, make("dl", {}, ...list));
}

/** Show the hint of a layer, or none. */
function pointAt(chart, key) {
  chart.dispatchAction({type: "downplay", seriesId: "layers"});
  if (key === null) return void chart.dispatchAction({type: "hideTip"});
  const series = chart.getOption().series.findIndex((each) => each.id === "layers");
  const data = series < 0 ? [] : chart.getOption().series[series].data;
  const dataIndex = data.findIndex((each) => each.name === key);
  if (dataIndex < 0) return;
  chart.dispatchAction({type: "highlight", seriesIndex: series, dataIndex});
  chart.dispatchAction({type: "showTip", seriesIndex: series, dataIndex});
}
