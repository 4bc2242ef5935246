// The share of each parameter in the variance of each objective, as bars.

function renderImportance(model) {
  const {importance, parameters} = model.data;
  const named = model.objectives.filter(({name}) => importance[name]);
  byId("importance-panel").hidden = named.length === 0;
  if (!named.length) return;
  const share = (name, objective) => importance[objective.name][name] ?? 0;
  const most = (name) => Math.max(...named.map((objective) => share(name, objective)));
  const names = parameters.map(({name}) => name).sort((a, b) => most(b) - most(a));
  const head = make("tr", {}, make("th", {scope: "col"}, "Parameter"), ...named.map(({label}) => make("th", {scope: "col"}, label)));
  const rows = names.map((name) => importanceRow(name, named.map((objective) => share(name, objective))));
  const rest = named.map((objective) => Math.max(0, 1 - names.reduce((sum, name) => sum + share(name, objective), 0)));
  rows.push(importanceRow("several together", rest));
  byId("importance").replaceChildren(make("table", {id: "shares"}, make("thead", {}, head), make("tbody", {}, ...rows)));
  byId("importance-note").textContent =
    "Share of the variance of an objective that a parameter explains alone (functional ANOVA on a random forest), "
    + "every value of it alike. A choice that decides which parameters apply shares what it changes with them."
    + (model.data.method === "exhaustive" || model.data.method === "random" ? "" : " The points were chosen by a search: shares are of the part of the space that it went to.");
}

function importanceRow(name, shares) {
  return make("tr", {}, make("th", {scope: "row", title: name}, name), ...shares.map((share) => make("td", {"data-value": String(share)},
    make("span", {className: "bar", style: `--part:${share.toFixed(4)}`, "aria-hidden": "true"}), shareText(share))));
}
