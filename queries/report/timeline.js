// A family's timeline as the study draws it: a row per project, a grid of periods, both sides.
// `hubtrace.timeline(family, days)` returns a figure; page.py says what a family holds.
"use strict";
const hubtrace = {};
{
  const SVG = "http://www.w3.org/2000/svg";
  const DAY = 86400;
  const SIDE = ["u", "d"];
  const MARKS = ["release", "tag", "branch"];
  const WIDTH = 900; // until the page knows how wide the plot is
  const LABEL = 14, LANE = 20, STRIP = 12, AXIS = 18, GAP = 5;

  const node = (name, attributes, text) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const element = (name, attributes, ...inside) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...inside);
    return made;
  };
  const day = (seconds) => {
    const moment = new Date(seconds * 1000);
    return Number.isNaN(moment.getTime()) ? `@${seconds}` : moment.toISOString().slice(0, 10);
  };
  const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
  Object.assign(hubtrace, { element, day, count });

  // Where each row stands, from the top.
  const layout = (family) => {
    let y = AXIS;
    const strip = (height) => {
      const row = { label: y + 11, top: y + LABEL, height };
      y += LABEL + height + GAP;
      return row;
    };
    const rows = { shared: strip(STRIP), switches: strip(STRIP), lanes: family.p.map(() => strip(LANE)) };
    return { ...rows, height: y };
  };

  // Ticks of the axis: the first days of months or years, no closer than people can read.
  const ticks = (from, to, width) => {
    const months = ((to - from) / DAY / 30.4) * (64 / width);
    const step = [1, 2, 3, 6, 12, 24, 60, 120, 600].find((size) => size >= months) ?? 1200;
    const found = [];
    const start = new Date(from * 1000);
    let month = Math.ceil((start.getUTCFullYear() * 12 + start.getUTCMonth()) / step) * step;
    for (; found.length < 200; month += step) {
      const at = Date.UTC(Math.floor(month / 12), month % 12, 1) / 1000;
      if (at > to) break;
      const year = String(Math.floor(month / 12));
      if (at >= from) found.push([at, step >= 12 ? year : `${year}-${String((month % 12) + 1).padStart(2, "0")}`]);
    }
    return found;
  };

  class Timeline {
    constructor(family, days) {
      this.family = family;
      this.period = days * DAY;
      this.first = family.s;
      this.last = family.s + Math.max(family.k, 1) * this.period;
      // What is shown at first ends with the activity, not years of silence later.
      const active = Math.max(0, ...family.p.flatMap((p) => p[4].filter((_, i) => i % 2 === 0)));
      const end = Math.max(this.first + (active + 2) * this.period, ...family.m.map((mark) => mark[2] + this.period));
      this.from = this.first;
      this.to = Math.min(this.last, Math.max(end, this.first + 4 * this.period));
      this.silent = Math.floor((this.last - this.to) / this.period);
      this.cursor = null;
      this.most = Math.log1p(Math.max(1, ...family.p.flatMap((p) => p[4].filter((_, i) => i % 2))));
      this.active = family.p.map((p) => new Map(p[4].flatMap((k, i) => (i % 2 ? [] : [[k, p[4][i + 1]]]))));
      this.both = new Set(family.b);
      this.rows = layout(family);
      this.build();
    }

    build() {
      const { n, b, k } = this.family;
      this.readout = element("p", { class: "readout", "aria-live": "polite" });
      this.plot = element("div", {
        class: "plot", tabindex: "0", role: "slider", "aria-label": `Timeline of ${n}, by period`,
        "aria-valuemin": "1", "aria-valuemax": String(Math.max(k, 1)), "aria-valuenow": "1",
      });
      this.summary = `${count(k, "period")}, ${b.length.toLocaleString("en")} with both sides active; ${count(this.family.w.length / 3, "switch").replace(/switchs$/, "switches")}.${this.silent > 0 ? ` Nothing in the last ${count(this.silent, "period")}; All shows them.` : ""}`;
      const button = (sign, label, action) => {
        const made = element("button", { type: "button", class: "plain", "aria-label": label, title: label }, sign);
        made.addEventListener("click", action);
        return made;
      };
      const tools = element("div", { class: "tools screen-only" },
        button("+", "Zoom in", () => this.zoom(0.5)),
        button("−", "Zoom out", () => this.zoom(2)),
        button("All", "Show all", () => this.show(this.first, this.last)),
        this.readout);
      this.figure = element("figure", { class: "timeline" }, tools, this.plot);
      this.draw(WIDTH);
      this.listen();
      this.tell(null);
    }

    listen() {
      const { plot } = this;
      plot.addEventListener("keydown", (event) => this.key(event));
      plot.addEventListener("pointerdown", (event) => {
        this.drag = { x: event.clientX, from: this.from, to: this.to };
      });
      plot.addEventListener("pointermove", (event) => this.moved(event));
      for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
        plot.addEventListener(end, () => { this.drag = null; plot.classList.remove("moving"); });
      }
      plot.addEventListener("pointerleave", () => { if (document.activeElement !== plot) this.tell(null); });
      plot.addEventListener("wheel", (event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.at(event));
      }, { passive: false });
      new ResizeObserver(() => this.resized()).observe(plot);
    }

    resized() {
      const width = this.plot.clientWidth;
      if (width && width !== this.width) this.draw(width);
    }

    at(event) {
      const box = this.plot.getBoundingClientRect();
      return this.from + ((event.clientX - box.left) / box.width) * (this.to - this.from);
    }

    moved(event) {
      if (this.drag && event.buttons && this.to - this.from < this.last - this.first) {
        const shift = ((this.drag.x - event.clientX) / this.plot.clientWidth) * (this.drag.to - this.drag.from);
        this.plot.classList.add("moving");
        this.show(this.drag.from + shift, this.drag.to + shift);
        return;
      }
      this.tell(Math.floor((this.at(event) - this.first) / this.period));
    }

    key(event) {
      const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -13, PageDown: 13 };
      const ends = { Home: 0, End: this.family.k - 1 };
      if (event.key in steps) this.tell((this.cursor ?? -1) + steps[event.key], true);
      else if (event.key in ends) this.tell(ends[event.key], true);
      else if (event.key === "+" || event.key === "=") this.zoom(0.5);
      else if (event.key === "-") this.zoom(2);
      else if (event.key === "0") this.show(this.first, this.last);
      else if (event.key === "Escape") this.tell(null);
      else return;
      event.preventDefault();
    }

    zoom(factor, around) {
      const here = this.cursor === null ? (this.from + this.to) / 2 : this.first + (this.cursor + 0.5) * this.period;
      const centre = around ?? here;
      const span = Math.max((this.to - this.from) * factor, 4 * this.period);
      const part = (centre - this.from) / (this.to - this.from);
      this.show(centre - part * span, centre + (1 - part) * span);
    }

    show(from, to) {
      const span = Math.min(to - from, this.last - this.first);
      this.from = Math.min(Math.max(from, this.first), this.last - span);
      this.to = this.from + span;
      this.draw(this.width);
    }

    // Say what happened in a period, and mark it; null: nothing is chosen.
    tell(period, follow) {
      if (period === null) {
        this.cursor = null;
        this.readout.textContent = this.summary;
      } else {
        const { k } = this.family;
        this.cursor = Math.min(Math.max(period, 0), Math.max(k - 1, 0));
        const at = this.first + this.cursor * this.period;
        if (follow && at < this.from) this.show(at, at + this.to - this.from);
        if (follow && at + this.period > this.to) this.show(at + this.period - (this.to - this.from), at + this.period);
        this.readout.textContent = this.described(this.cursor, at);
        this.plot.setAttribute("aria-valuenow", String(this.cursor + 1));
      }
      this.plot.setAttribute("aria-valuetext", this.readout.textContent);
      this.mark();
    }

    described(period, at) {
      const { p, w, m, s } = this.family;
      const inside = (moment) => moment >= at && moment < at + this.period;
      const parts = [];
      p.forEach((project, i) => {
        const commits = this.active[i].get(period);
        if (commits) parts.push(`${project[0]} ${count(commits, "commit")}`);
      });
      if (!parts.length) parts.push("no commits");
      if (this.both.has(period)) parts.push("both sides active");
      for (let i = 0, told = 0; i < w.length && told < 3; i += 3) {
        const end = s + (w[i + 1] + w[i + 2]) * 60;
        if (inside(end)) {
          parts.push(`switch ${w[i] ? "upstream" : "downstream"} after ${count(Math.floor((w[i + 2] * 60) / DAY), "day")}`);
          told += 1;
        }
      }
      for (const [kind, , when, name, status] of m.filter((mark) => inside(mark[2])).slice(0, 4)) {
        parts.push(`${MARKS[kind]} ${name}${status ? ` (${status})` : ""}`);
      }
      return `${day(at)} to ${day(at + this.period - 1)}: ${parts.join("; ")}.`;
    }

    x(moment) { return ((moment - this.from) / (this.to - this.from)) * this.width; }

    draw(width) {
      this.width = width;
      const { rows } = this;
      const svg = node("svg", { viewBox: `0 0 ${width} ${rows.height}`, "aria-hidden": "true" });
      this.svg = svg;
      this.grid(svg);
      this.strips(svg);
      this.family.p.forEach((project, i) => this.lane(svg, project, rows.lanes[i]));
      this.marks(svg);
      // Names stand over everything, so that they can be read where it is crowded.
      this.family.p.forEach(([name], i) => svg.append(node("text", { class: "name", x: 0, y: rows.lanes[i].label }, name)));
      this.band = svg.appendChild(node("rect", { class: "cursor", y: AXIS, height: rows.height - AXIS, x: 0, width: 0 }));
      this.plot.replaceChildren(svg);
      this.mark();
    }

    mark() {
      if (!this.band) return;
      const at = this.first + this.cursor * this.period;
      this.band.setAttribute("x", this.cursor === null ? 0 : this.x(at));
      this.band.setAttribute("width", this.cursor === null ? 0 : Math.max(this.x(at + this.period) - this.x(at), 2));
    }

    grid(svg) {
      for (const [at, label] of ticks(this.from, this.to, this.width)) {
        const x = this.x(at);
        svg.append(node("line", { class: "grid", x1: x, x2: x, y1: AXIS - 4, y2: this.rows.height }));
        if (x < this.width - 24) svg.append(node("text", { x: x + 3, y: 10 }, label));
      }
    }

    // One path for many boxes, so that a long life costs no more than a short one.
    boxes(list) {
      return list.map(([x, y, w, h]) => `M${x.toFixed(1)} ${y.toFixed(1)}h${w.toFixed(1)}v${h.toFixed(1)}h${(-w).toFixed(1)}z`).join("");
    }

    cell(period) {
      const at = this.first + period * this.period;
      const left = this.x(at);
      return [left, Math.max(this.x(at + this.period) - left - 0.5, 1.2), at + this.period > this.from && at < this.to];
    }

    strips(svg) {
      const { shared, switches, lanes, height } = this.rows;
      svg.append(node("text", { x: 0, y: shared.label }, "both sides active"), node("text", { x: 0, y: switches.label }, "switches, and how long they took"));
      const cells = this.family.b.map((k) => this.cell(k)).filter((cell) => cell[2]);
      const top = lanes.length ? lanes[0].top : height;
      svg.append(
        node("path", { class: "shared", d: this.boxes(cells.map(([x, w]) => [x, top, w, height - top])) }),
        node("path", { class: "dot", d: this.boxes(cells.map(([x, w]) => [x, shared.top + 3, w, STRIP - 6])) }));
      const { w, s } = this.family;
      for (const side of [0, 1]) {
        let lines = "", arrows = "";
        for (let i = 0; i < w.length; i += 3) {
          const begin = s + w[i + 1] * 60, end = begin + w[i + 2] * 60;
          if (w[i] !== side || end < this.from || begin > this.to) continue;
          const x = this.x(end), y = switches.top + STRIP / 2;
          if (end - begin > this.period / 2) lines += `M${this.x(begin).toFixed(1)} ${y + (side ? 2 : -2)}H${x.toFixed(1)}`;
          arrows += side ? `M${(x - 3.5).toFixed(1)} ${y + 5}h7l-3.5-6z` : `M${(x - 3.5).toFixed(1)} ${y - 5}h7l-3.5 6z`;
        }
        svg.append(node("path", { class: `lag ${SIDE[side]}`, d: lines }), node("path", { class: SIDE[side], d: arrows }));
      }
    }

    lane(svg, project, row) {
      const bottom = row.top + row.height;
      const boxes = [];
      for (let i = 0; i < project[4].length; i += 2) {
        const [x, w, visible] = this.cell(project[4][i]);
        const h = 4 + ((row.height - 4) * Math.log1p(project[4][i + 1])) / this.most;
        if (visible) boxes.push([x, bottom - h, w, h]);
      }
      svg.append(
        node("line", { class: "base", x1: 0, x2: this.width, y1: bottom, y2: bottom }),
        node("path", { class: SIDE[project[1]], d: this.boxes(boxes) }));
    }

    marks(svg) {
      for (const [kind, lane, at, name, status] of this.family.m) {
        if (at < this.from || at > this.to) continue;
        const x = this.x(at), y = this.rows.lanes[lane].top - 3;
        const shape = kind === 2
          ? node("circle", { class: "m2", cx: x, cy: y, r: 3.5 })
          : node("path", { class: `m${kind}`, d: `M${x} ${y - 5}l5 5-5 5-5-5z` });
        shape.append(node("title", {}, `${day(at)} ${MARKS[kind]} ${name}${status ? ` (${status})` : ""}`));
        svg.append(shape);
      }
    }
  }

  hubtrace.timeline = (family, days) => new Timeline(family, days).figure;
}
