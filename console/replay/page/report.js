"use strict";
/* Everything that findings say is put into the page as text (`textContent`), never as HTML. */
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const ACTIONS = ["isolate", "review", "hold", "ignore"];
  const PAGE = 10;
  const at = (id) => document.getElementById(id);
  const figure = (number) => Number(number).toLocaleString("en-US");
  const counted = (number, one, many) => `${figure(number)} ${number === 1 ? one : many || one + "s"}`;
  const moment = (text) => (text ? text.slice(0, 16).replace("T", " ") : "unknown");
  const step = (value) => Number(value).toFixed(1);
  const nearest = (value) => Math.min(Math.max(Math.round(Number(value) * 10) - 10, 0), data.steps.length - 1);

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "class") element.className = value;
      else element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined).map((child) => (child instanceof Node ? child : String(child))));
    return element;
  }

  const pill = (action) => (ACTIONS.includes(action) ? make("span", { class: `pill ${action}` }, action) : "");
  const rule = (name) => name || "no rule";

  /* Tables: columns are [key, title, kind]; kinds are text, word, number, code, id, when, action. */
  function table(place, columns, rows, shown = PAGE, sort = null) {
    const holder = at(place);
    const ordered = sort ? sorted(rows, sort) : rows;
    if (!rows.length) return holder.replaceChildren(make("p", { class: "nothing" }, "None."));
    const again = (more, by) => table(place, columns, rows, more, by);
    const head = make("tr", {}, ...columns.map((column) => heading(column, sort, (by) => again(shown, by))));
    const body = ordered.slice(0, shown).map((row) => make("tr", {}, ...columns.map((column) => cell(column, row))));
    holder.replaceChildren(make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)));
    if (rows.length > shown) {
      const button = make("button", { type: "button" }, `Show more (${figure(shown)} of ${figure(rows.length)})`);
      button.addEventListener("click", () => again(shown + 5 * PAGE, sort));
      holder.append(make("p", { class: "more" }, button));
    }
  }

  function heading([key, title, kind], sort, again) {
    const down = sort && sort.key === key && !sort.down;
    const button = make("button", { type: "button", title: "Sort" }, title + (sort && sort.key === key ? (sort.down ? " ↓" : " ↑") : ""));
    button.addEventListener("click", () => again({ key, down }));
    return make("th", { class: kind === "number" ? "number" : "", scope: "col" }, button);
  }

  function sorted(rows, { key, down }) {
    const order = (one, other) => (typeof one === "number" && typeof other === "number" ? one - other : String(one ?? "").localeCompare(String(other ?? "")));
    return [...rows].sort((one, other) => (down ? -1 : 1) * order(one[key], other[key]));
  }

  function cell([key, title, kind], row) {
    const value = row[key];
    let content = value ?? "";
    if (kind === "when") content = value ? moment(value) : "";
    else if (kind === "action") content = pill(value);
    else if (kind === "number" && typeof value === "number") content = Number.isInteger(value) ? figure(value) : value;
    const element = make("td", { class: kind, "data-name": title, ...(kind === "id" ? { title: content } : {}) }, content);
    if (content === "") element.replaceChildren();
    return element;
  }

  /* Words for a manager. */
  function words() {
    const { decisions, period, busiest_hour: busiest, totals, policy } = data;
    at("title").textContent = `What ${base(policy.file)} would have done`;
    const when = period.first ? ` between ${period.first.slice(0, 10)} and ${period.last.slice(0, 10)}` : "";
    const strong = (text) => make("strong", {}, text);
    at("lead").append(
      `Of ${counted(data.findings, "finding")}${when}, `,
      strong(counted(decisions.isolate, "decision")), " would have isolated ",
      strong(counted(totals.instances, "instance")), `, ${figure(decisions.review)} would have asked a human, `,
      `${figure(decisions.hold)} would have been held for one, and ${figure(decisions.ignore)} would have done nothing.`
    );
    const card = (value, name, more, kind = "") => make("div", { class: "card" }, make("b", { class: kind }, value), make("span", {}, name), more ? make("small", {}, more) : null);
    const against = data.against;
    const before = (value) => (against ? `${base(against.file)}: ${figure(value)}` : "");
    at("cards").replaceChildren(
      card(figure(totals.instances), "instances isolated", before(against && against.instances), "isolate"),
      card(figure(decisions.review), "reviews asked for", before(against && against.decisions.review), "review"),
      card(figure(decisions.hold), "decisions held", before(against && against.decisions.hold), "hold"),
      busiest ? card(figure(busiest.isolated), "isolated in the busiest hour", `${moment(busiest.hour)} UTC`) : "",
      card(figure(data.findings), "findings read", data.rejected ? `${figure(data.rejected)} could not be read` : "none unreadable")
    );
    const undated = period.undated ? ` ${counted(period.undated, "finding")} without a time: decided as of the replay, after all others.` : "";
    at("foot").textContent = `Policy ${policy.file}, hash ${policy.hash.slice(0, 12)}. Instances count as running; limits, exemptions and releases are played in event time, in UTC.${undated}`;
  }

  const base = (path) => String(path).split(/[\\/]/).pop();

  function comparison() {
    const against = data.against;
    if (!against) return;
    at("comparison").hidden = false;
    at("against-name").textContent = base(against.file);
    const gone = against.instances_only_before.length, come = against.instances_only_after.length;
    at("against-lead").textContent = against.changed
      ? `${counted(against.changed, "decision")} would change from it to ${base(data.policy.file)}; ${counted(come, "instance")} more would be isolated, and ${counted(gone, "instance")} no longer. What moves, before limits:`
      : "No decision would change.";
    const columns = [["decisions", "decisions", "number"], ["before", "before", "action"], ["rule_before", "by rule", "word"], ["after", "after", "action"], ["rule_after", "by rule", "word"]];
    if (against.moves.length) table("moves", columns, against.moves.map((move) => ({ ...move, rule_before: rule(move.rule_before), rule_after: rule(move.rule_after) })));
  }

  /* Charts. */
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const config = { displayModeBar: false, responsive: true };

  function layout(more = {}) {
    const axis = { gridcolor: colour("line"), zerolinecolor: colour("line"), linecolor: colour("line"), automargin: true, fixedrange: true };
    const { xaxis, yaxis, ...rest } = more;
    return {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: colour("soft"), size: 12, family: "system-ui, sans-serif" },
      margin: { l: 44, r: 10, t: 8, b: 36 }, barmode: "stack", bargap: 0.15, hovermode: "x unified", legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, traceorder: "normal", font: { color: colour("ink") } },
      hoverlabel: { bgcolor: colour("sheet"), bordercolor: colour("line"), font: { color: colour("ink") } },
      xaxis: { ...axis, ...xaxis, showgrid: false }, yaxis: { ...axis, rangemode: "tozero", ...yaxis }, ...rest,
    };
  }

  function drawTime() {
    const over = data.over_time;
    const bars = ACTIONS.map((action) => ({ type: "bar", name: action, x: over.at, y: over[action], marker: { color: colour(action) }, visible: action === "ignore" ? "legendonly" : true }));
    const line = { type: "scatter", mode: "markers", name: "new instances", x: over.at, y: over.instances.map((number) => number || null), marker: { size: 5, color: colour("ink") } };
    Plotly.react("over-time", [...bars, line], layout({ xaxis: { type: "date" }, yaxis: { title: { text: "decisions" } } }), config);
  }

  function drawSeverities(kinds) {
    const values = [...new Set(kinds.map((kind) => kind.severity))].sort((one, other) => one - other);
    const bars = ACTIONS.map((action) => ({
      type: "bar", name: action, marker: { color: colour(action) }, x: values.map(step),
      y: values.map((value) => kinds.reduce((sum, kind) => sum + (kind.severity === value && kind.action === action ? kind.decisions : 0), 0)),
    }));
    Plotly.react("severities", bars, layout({ xaxis: { type: "category", title: { text: "severity" } }, yaxis: { title: { text: "decisions" } } }), config);
  }

  const curve = () => data.curves[Number(at("curve").value)];

  function drawCurve() {
    const chosen = curve(), where = data.steps[nearest(at("threshold").value)];
    const line = (name, key, dash, axis) => ({ type: "scatter", mode: "lines", name, x: data.steps, y: chosen[key], yaxis: axis, line: { shape: "vh", color: colour(key === "instances" ? "isolate" : "accent"), width: 2, dash } });
    const mark = (x, dash, text) => ({ shape: { type: "line", x0: x, x1: x, y0: 0, y1: 1, yref: "paper", line: { color: colour("ink"), width: 1.5, dash } }, note: { x, y: 1, yref: "paper", text, showarrow: false, xanchor: x > 8 ? "right" : "left", yanchor: "top", font: { color: colour("ink") } } });
    const marks = [mark(where, "solid", step(where))];
    if (chosen.now !== null && chosen.now !== where) marks.push(mark(chosen.now, "dot", `now ${step(chosen.now)}`));
    Plotly.react("threshold-curve", [line("isolating decisions", "isolations", "solid"), line("distinct instances", "instances", "solid")],
      layout({ xaxis: { title: { text: "isolate from severity" }, range: [0.9, 10.1], dtick: 1 }, shapes: marks.map((one) => one.shape), annotations: marks.map((one) => one.note) }), config);
  }

  function answer() {
    const chosen = curve(), index = nearest(at("threshold").value);
    at("threshold-value").textContent = step(data.steps[index]);
    const parts = [make("strong", {}, counted(chosen.isolations[index], "isolating decision")), " on ", make("strong", {}, counted(chosen.instances[index], "instance"))];
    const now = data.as_is, difference = chosen.instances[index] - now.instances;
    if (chosen.now !== null && nearest(chosen.now) === index) parts.push(": the policy's own threshold");
    else parts.push(`; the policy as it is: ${figure(now.isolations)} on ${figure(now.instances)}`, difference ? ` (${counted(Math.abs(difference), "instance")} ${difference > 0 ? "more" : "fewer"})` : "");
    at("threshold-answer").replaceChildren(...parts);
  }

  function thresholds() {
    at("curve").replaceChildren(...data.curves.map((one, number) => make("option", { value: number }, one.rule === null ? "all isolating rules together" : `rule ${one.rule}`)));
    const busiest = data.by_rule.find((row) => row.action === "isolate" && data.curves.some((one) => one.rule === row.rule && one.now !== null));
    at("curve").value = Math.max(busiest ? data.curves.findIndex((one) => one.rule === busiest.rule) : 0, 0);
    const reset = () => { at("threshold").value = curve().now ?? 7; answer(); drawCurve(); };
    at("curve").addEventListener("change", reset);
    at("threshold").addEventListener("input", () => { answer(); drawCurve(); });
    at("threshold").value = curve().now ?? 7;
    answer();
  }

  /* Filters. */
  function fits(row, wanted, actions, rules) {
    const text = [row.type, row.rule, row.instance_id, row.account, row.region, row.finding_id, row.place].join("\n").toLowerCase();
    return (!wanted.search || text.includes(wanted.search)) && (!wanted.action || actions.includes(wanted.action)) &&
      (!wanted.rule || rules.map(rule).includes(wanted.rule)) && row.severity >= wanted.severity;
  }

  function filtered() {
    const wanted = { search: at("search").value.trim().toLowerCase(), action: at("action").value, rule: at("rule").value, severity: Number(at("severity").value) || 0 };
    const kinds = data.severities.filter((row) => fits(row, wanted, [row.action], [row.rule]));
    const instances = data.instances.filter((row) => fits(row, wanted, ["isolate"], [row.rule]));
    const held = data.held_instances.filter((row) => fits(row, wanted, ["hold"], [row.rule]));
    const changes = data.changes.filter((row) => fits(row, wanted, [row.before.action, row.after.action], [row.before.rule, row.after.rule]));
    if (window.Plotly) drawSeverities(kinds);
    const who = [["instance_id", "instance", "code"], ["account", "account", "text"], ["region", "Region", "word"]];
    const why = [["rule", "rule", "word"], ["severity", "severity", "number"], ["type", "finding type", "text"], ["finding_id", "finding", "id"]];
    table("instances", [["isolated_at", "when (UTC)", "when"], ...who, ...why, ...(instances.some((row) => row.held_since) ? [["held_since", "held since", "when"]] : [])], instances);
    table("held", [["held_since", "since (UTC)", "when"], ...who, ["held_by", "limit", "text"], ...why.slice(0, 3)], held);
    const columns = [["from", "before", "action"], ["rule_before", "by rule", "word"], ["to", "after", "action"], ["rule_after", "by rule", "word"], ["severity", "severity", "number"], ["type", "finding type", "text"], ["instance_id", "instance", "code"], ["finding_id", "finding", "id"]];
    table("changes", columns, changes.map((row) => ({ ...row, from: row.before.action, rule_before: rule(row.before.rule), to: row.after.action, rule_after: rule(row.after.rule) })));
    table("kinds", [["decisions", "decisions", "number"], ["action", "action", "action"], ["rule", "rule", "text"], ["severity", "severity", "number"], ["type", "finding type", "text"]], kinds.map((row) => ({ ...row, rule: rule(row.rule) })));
    const lists = [["instances", instances, data.instances.length, data.totals.instances], ["held", held, data.held_instances.length, data.totals.held_instances],
      ["changes", changes, data.changes.length, data.totals.changes], ["kinds", kinds, data.severities.length, data.severities.length]];
    for (const [name, rows, here, all] of lists) {
      const cut = here < all ? `; this report holds the first ${figure(here)}, --json all` : "";
      at(`${name}-count`).textContent = rows.length === all ? `(${figure(all)})` : `(${figure(rows.length)} of ${figure(all)}${cut})`;
    }
  }

  function filters() {
    const options = (values) => [make("option", { value: "" }, "any"), ...values.map((value) => make("option", { value }, value))];
    at("action").replaceChildren(...options(ACTIONS));
    const rules = new Set(data.severities.map((row) => rule(row.rule)));
    data.changes.forEach((row) => rules.add(rule(row.before.rule)).add(rule(row.after.rule)));
    at("rule").replaceChildren(...options([...rules].sort()));
    at("filters").addEventListener("input", filtered);
    at("filters").addEventListener("reset", () => setTimeout(filtered));
    at("filters").addEventListener("submit", (event) => event.preventDefault());
  }

  function rest() {
    const hide = (name, when) => { document.querySelector(`[data-part=${name}]`).hidden = when; };
    hide("held", !data.totals.held_instances);
    hide("changes", !data.against);
    hide("limits", !data.totals.limits);
    hide("rejections", !data.rejected);
    at("limits-count").textContent = `(${figure(data.totals.limits)})`;
    table("limits", [["limit", "limit", "text"], ["account", "account", "text"], ["region", "Region", "word"], ["full_windows", "windows full", "number"], ["held_instances", "instances held", "number"], ["held_decisions", "decisions held", "number"], ["first_full", "first (UTC)", "when"]], data.limits);
    at("rejections-count").textContent = data.rejected > data.rejections.length ? `(the first ${figure(data.rejections.length)} of ${figure(data.rejected)}; all: --json)` : `(${figure(data.rejected)})`;
    table("rejections", [["place", "where", "path"], ["problem", "why", "text"]], data.rejections);
  }

  /* The library is text, compressed: unpack it, then draw. Without it the tables stand. */
  async function library() {
    const bytes = Uint8Array.from(atob(at("library").textContent), (letter) => letter.charCodeAt(0));
    const text = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
    document.head.append(make("script", {}, text));
    const draw = () => { drawTime(); drawCurve(); filtered(); };
    draw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    document.documentElement.dataset.drawn = "yes";
  }

  words();
  comparison();
  thresholds();
  filters();
  filtered();
  rest();
  library();
})();
