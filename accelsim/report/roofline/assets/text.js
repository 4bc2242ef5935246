// Quantities as a person reads them, and elements made without markup in strings.

const SECONDS = [[1, "s"], [1e-3, "ms"], [1e-6, "us"], [1e-9, "ns"]];
const BYTES = [[2 ** 40, "TiB"], [2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"], [1, "B"]];
const COUNTS = [[1e15, "P"], [1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""]];

/** Four significant digits, in groups of three; never an exponent where a person would count. */
function digits(value, most = 4) {
  if (value === 0) return "0";
  if (Math.abs(value) >= 1e6 || Math.abs(value) < 1e-4) return value.toExponential(most - 1);
  return Number(value.toPrecision(most)).toLocaleString("en-GB", {maximumSignificantDigits: most});
}

function scaled(value, steps, most = 4) {
  // A power of ten that comes out of a logarithm is a little off.
  value = Number(value.toPrecision(12));
  const [size, unit] = steps.find(([least]) => Math.abs(value) >= least) ?? steps.at(-1);
  return `${digits(value / size, most)} ${unit}`.trim();
}

const secondsText = (value) => scaled(value, SECONDS);
const bytesText = (value) => scaled(value, BYTES);
const countText = (value) => scaled(value, COUNTS);
const shareText = (value) => `${(100 * value).toFixed(1)}%`;
const intensityText = (value) => digits(value, 3);
const rateText = (value) => `${scaled(value, COUNTS, 3)}op/s`;
const timesText = (value) => (value < 100 ? `${value.toFixed(2)}x` : `${digits(value)}x`);
const wholeText = (value) => value.toLocaleString("en-GB");

/**
 * An element; texts become text nodes, so that no name is ever read as markup.
 * A property that begins with "data-" or "aria-" or is "role" becomes an attribute.
 */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (/^(data-|aria-|role$|style$|scope$)/.test(name)) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

const byId = (id) => document.getElementById(id);

/** An element whose text is short and whose data-value is the figure itself. */
function figure(tag, value, text, properties = {}) {
  const shown = value === null ? "" : text(value);
  return make(tag, {"data-value": value === null ? "" : String(value), ...properties}, shown);
}
