// The list of families: searched and filtered, each drawn when it comes into view.
"use strict";
{
  const { element, day, count, timeline } = hubtrace;
  const { days, families } = JSON.parse(document.getElementById("data").textContent);
  const SIDES = ["upstream", "downstream"];
  const SHA = /^[0-9a-f]{40}([0-9a-f]{24})?$/;
  const MANY = 200;
  const sections = [...document.querySelectorAll("details.family")];
  const rows = [...document.querySelectorAll("#table tbody tr")];
  const words = (text) => text.replaceAll("_", " ");

  // page.py gives only URLs that a page may lead to.
  const link = (url, text) => url ? element("a", { href: url, rel: "noopener noreferrer nofollow" }, text) : document.createTextNode(text);
  const commit = (project, sha) => link(project[2] && SHA.test(sha) ? `${project[2]}/commit/${sha}` : "", SHA.test(sha) ? sha.slice(0, 10) : "day only");

  const projects = (family) => element("ul", { class: "projects" }, ...family.p.map((p) =>
    element("li", {}, `${SIDES[p[1]]}: `, link(p[2], p[0]), p[3] ? `, ${count(p[3], "commit")}, ${day(p[5])} to ${day(p[6])}` : ", no commits that count")));

  const flags = (family) => family.f.length ? [
    element("h4", {}, "To look at"),
    element("ul", { class: "proofs" }, ...family.f.map(([kind, what, status, proofs]) => {
      const item = element("li", {}, element("span", { class: "badge warn" }, words(status)), ` ${kind} ${what}: `);
      proofs.forEach(([text, url], i) => item.append(i ? "; " : "", link(url, text)));
      return item;
    })),
  ] : [];

  const leftBehind = (family) => {
    if (!family.t) return [];
    const [side, last, total, newest] = family.t;
    const more = newest.length < total ? `, the latest ${newest.length} of them` : "";
    const columns = [
      ["Date", ([, , at]) => day(at)],
      ["Commit", ([project, sha]) => commit(family.p[project], sha)],
      ["Project", ([project]) => family.p[project][0]],
      ["Author", ([, , , author]) => author],
      ["Message", ([, , , , subject]) => subject],
    ].filter(([, cell]) => newest.some(cell)); // a study table knows no authors and no messages
    const head = element("tr", {}, ...columns.map(([name]) => element("th", { scope: "col" }, name)));
    const body = newest.map((row) => element("tr", {}, ...columns.map(([name, cell]) => element("td", name === "Date" ? { class: "number" } : {}, cell(row)))));
    return [
      element("h4", {}, "Left behind"),
      element("p", { class: "small" }, `${count(total, "commit")} ${SIDES[side]} after ${SIDES[1 - side]}’s last one of ${day(last)}${more}.`),
      element("div", { class: "scroll", tabindex: "0" }, element("table", { class: "small" }, element("thead", {}, head), element("tbody", {}, ...body))),
    ];
  };

  const fill = (section) => {
    const body = section.querySelector(".body");
    if (body.childElementCount) return;
    const family = families[section.dataset.i];
    const figure = family.s === null ? element("p", { class: "note" }, "No commits that count.") : timeline(family, days);
    body.append(projects(family), figure, ...flags(family), ...leftBehind(family));
  };

  const watcher = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) if (isIntersecting && target.open) fill(target);
  }, { rootMargin: "400px" });
  for (const section of sections) {
    section.addEventListener("toggle", () => { if (section.open) fill(section); });
    watcher.observe(section);
  }

  const search = document.getElementById("search");
  const pattern = document.getElementById("pattern");
  const flagged = document.getElementById("flagged");
  const texts = families.map((family) => [family.n, ...family.p.map((p) => p[0])].join("\n").toLowerCase());
  const filter = () => {
    const wanted = search.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const i = Number(row.dataset.i);
      const fits = texts[i].includes(wanted) && (!pattern.value || row.dataset.c === pattern.value) && (!flagged.checked || "flag" in row.dataset);
      row.hidden = !fits;
      sections[i].hidden = !fits;
      shown += fits;
    }
    document.getElementById("shown").textContent = `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} families`;
    document.getElementById("nothing").hidden = shown > 0;
  };
  search.addEventListener("input", filter);
  pattern.addEventListener("change", filter);
  flagged.addEventListener("change", filter);
  document.getElementById("filter").addEventListener("submit", (event) => event.preventDefault());

  const all = (open) => {
    for (const section of sections.filter((one) => !one.hidden).slice(0, open ? MANY : undefined)) section.open = open;
  };
  document.getElementById("open-all").addEventListener("click", () => all(true));
  document.getElementById("close-all").addEventListener("click", () => all(false));

  // A link to a family opens it.
  const follow = () => {
    const section = document.getElementById(location.hash.slice(1));
    if (!section?.classList.contains("family")) return;
    section.hidden = false;
    section.open = true;
    fill(section);
    section.scrollIntoView();
    section.querySelector("summary").focus({ preventScroll: true });
  };
  addEventListener("hashchange", follow);
  follow();

  // Paper shows what is open; a report of a few families is printed whole.
  addEventListener("beforeprint", () => {
    for (const section of sections) if (section.open) fill(section);
  });
}
