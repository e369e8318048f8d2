// Views, language, theme, and the beginning.
const VIEWS = {overview: drawOverview, articles: () => {}, lines: drawLines};
let view = "";

function go(name, n, options) {
  if (view !== name) {
    view = name;
    for (const one of Object.keys(VIEWS)) byId(one).hidden = one !== name;
    for (const tab of byId("views").children) tab.setAttribute("aria-selected", String(tab.dataset.view === name));
    VIEWS[name]();
    if (name === "articles") drawRows();
    hideTip();
  }
  if (n !== undefined) show(n, options);
}
function tell(message) {
  const said = byId("said");
  said.textContent = message;
  said.classList.add("told");
  clearTimeout(tell.wait);
  tell.wait = setTimeout(() => said.classList.remove("told"), 2500);
}
function drawSave() {
  byId("save").textContent = say("save", corrections.size ? count(corrections.size) : 0);
  byId("save").disabled = !corrections.size;
}
function help() {
  const dialog = byId("help");
  if (dialog.open) { dialog.close(); return; }
  dialog.replaceChildren(make("h2", {}, say("keysTitle")), make("dl", {}, ...say("keys").flatMap(([key, text]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, text)])),
    make("p", {}, say("mouse")), make("button", {type: "button", class: "strong", on: {click: () => dialog.close()}}, say("close")));
  dialog.showModal();
}
function stored(key, value) {
  try {
    if (value === undefined) return localStorage.getItem(`zhengwen ${key}`);
    localStorage.setItem(`zhengwen ${key}`, value);
  } catch { /* the page does without */ }
  return null;
}
function turn() {
  const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  stored("theme", document.documentElement.dataset.theme);
}
function translate(to = language === "zh" ? "en" : "zh") {
  language = to;
  stored("language", to);
  writeAll();
}
function writeAll() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = `${plain(data.subject)} · zhengwen ${data.version}`;
  byId("subject").textContent = plain(data.subject);
  byId("views").replaceChildren(...Object.keys(VIEWS).map(name => make("button", {type: "button", role: "tab", "data-view": name, "aria-controls": name, "aria-selected": String(view === name), on: {click: () => go(name)}}, say(name))));
  byId("language").textContent = say("other");
  byId("language").lang = language === "zh" ? "en" : "zh-CN";
  byId("theme").textContent = "◐";
  for (const name of ["theme", "help"]) for (const attribute of ["title", "aria-label"]) byId(name === "help" ? "help-button" : name).setAttribute(attribute, say(name));
  byId("list").setAttribute("aria-label", say("articles"));
  toolbar.setAttribute("aria-label", say("label"));
  drawSave();
  drawFilters();
  refilter({keep: true});
  if (view) VIEWS[view]();
  if (open) { const at = open.at; show(open.n).then(() => pick(at, {scroll: false})); }
  else reader.replaceChildren(make("p", {class: "nothing"}, say("choose")));
}
byId("save").addEventListener("click", save);
byId("language").addEventListener("click", () => translate());
byId("theme").addEventListener("click", turn);
byId("help-button").addEventListener("click", help);
let width = innerWidth;
addEventListener("resize", () => { drawRows(); if (view === "overview" && innerWidth !== width) drawOverview(); width = innerWidth; });

const theme = stored("theme");
if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
const chosen = stored("language");
language = chosen === "zh" || chosen === "en" ? chosen : navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
writeAll();
go(data.order === "path" ? "overview" : "articles");
if (data.order !== "path" && total) document.body.classList.contains("reading") || innerWidth < 800 || show(shown[0]);
