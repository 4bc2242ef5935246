// The front as a table: sortable, with the commands that give each design again.

const MOST_ROWS = 200;

function frontColumns(model) {
  const {parameters, chosen} = model.data;
  const columns = [{id: "number", title: "Point", value: ({number}) => number, text: String}];
  parameters.forEach(({name, values, kind}, i) => {
    if (!model.front.some(({place}) => chosen[i][place] >= 0)) return;
    const value = ({place}) => values[chosen[i][place]];
    columns.push({id: `p:${name}`, title: name, value, ...(kind === "number" ? {text: String} : {})});
  });
  for (const {name, label, unit, values} of model.objectives) {
    const text = (value) => unitText(value, unit);
    columns.push({id: `f:${name}`, title: label, value: ({place}) => values[place], text});
    if (model.front.some((design) => isMoved(design, name, values))) columns.push({id: `e:${name}`, title: `${label}, played out`, value: ({event}) => event?.[name], text});
  }
  return columns;
}

/** Whether playing a design out gives another figure: hardly ever another than its time. */
function isMoved({event, place}, name, values) {
  return Number.isFinite(event?.[name]) && Math.abs(event[name] - values[place]) > 1e-4 * Math.abs(values[place]);
}

function renderFront(model, state, passes, act) {
  const columns = frontColumns(model);
  const column = columns.find(({id}) => id === state.sort.column) ?? columns[0];
  byId("front").tHead.replaceChildren(sortHead(columns, state.sort, act.sort, "front"));
  byId("front").tHead.rows[0].append(make("th", {scope: "col"}, "Commands"));
  const kept = sortRows(model.front.filter(({place}) => passes[place]), column, state.sort.down);
  const shown = state.allRows ? kept : kept.slice(0, MOST_ROWS);
  byId("front").tBodies[0].replaceChildren(...shown.map((design) => frontRow(columns, design, state, act)));
  byId("front-shown").textContent = `${wholeText(shown.length)} of ${wholeText(model.front.length)} designs`;
  byId("front-more").hidden = shown.length === kept.length;
}

function frontRow(columns, design, state, act) {
  const row = make("tr", {className: design.place === state.selected ? "chosen" : "", "data-number": String(design.number)});
  for (const column of columns) row.append(frontCell(column, design, state, act));
  const commands = design.commands.join("\n");
  row.append(make("td", {}, commands ? copyButton(commands, "Copy") : ""));
  row.addEventListener("click", () => act.select(design.place));
  row.addEventListener("mouseenter", () => act.point(design.place));
  row.addEventListener("mouseleave", () => act.point(null));
  return row;
}

function frontCell(column, design, state, act) {
  const value = column.value(design);
  if (column.id === "number") {
    const button = make("button", {type: "button", "data-focus": `design-${value}`, "aria-pressed": String(design.place === state.selected)}, String(value));
    button.addEventListener("click", (event) => { event.stopPropagation(); act.select(design.place); });
    return make("td", {className: "number", "data-column": "number", "data-value": String(value)}, button);
  }
  let shown = "";
  if (value !== undefined && value !== null) shown = column.text ? column.text(value) : String(value);
  const title = column.id.startsWith("e:") && !shown ? design.event_reason : shown;
  return make("td", {className: column.text ? "number" : "", "data-column": column.id, "data-value": String(value ?? ""), title}, shown);
}
