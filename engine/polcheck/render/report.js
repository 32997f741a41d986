"use strict";
(() => {
  const form = document.getElementById("filters");
  const list = document.getElementById("list");
  if (!form || !list) return;
  const fold = form.closest("details");
  const controls = form.elements;
  const output = form.querySelector("output");
  const findings = [...list.querySelectorAll("article")].map((node) => ({ node, text: "" }));
  let grouping = "policy";

  const heading = (node) => {
    const line = document.createElement("h3");
    const name = document.createElement("span");
    name.textContent = node.dataset[grouping] || "(no file)";
    const count = document.createElement("span");
    count.className = "count";
    line.append(name, grouping === "policy" ? ` ${node.dataset.title.replaceAll("`", "")}` : "", " ", count);
    return line;
  };

  const regroup = () => {
    if (controls.group.value === grouping) return;
    grouping = controls.group.value;
    const groups = new Map();
    for (const { node } of findings) {
      const key = node.dataset[grouping];
      if (!groups.has(key)) {
        const section = document.createElement("section");
        section.className = "group";
        section.append(heading(node));
        groups.set(key, section);
      }
      groups.get(key).append(node);
    }
    const ordered = [...groups.entries()];
    if (grouping === "file") ordered.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    list.replaceChildren(...ordered.map(([, section]) => section));
  };

  const wanted = (finding, words, severities) => {
    const { policy, file, severity } = finding.node.dataset;
    // the value of a choice is "=" and the name, so that "" is free to mean every one
    if (controls.policy.value && controls.policy.value !== `=${policy}`) return false;
    if (controls.file.value && controls.file.value !== `=${file}`) return false;
    if (!severities.has(severity)) return false;
    if (words.length && !finding.text) finding.text = finding.node.textContent.toLowerCase();
    return words.every((word) => finding.text.includes(word));
  };

  const apply = () => {
    regroup();
    const words = controls.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const severities = new Set([...form.querySelectorAll("[name=severity]:checked")].map((box) => box.value));
    let shown = 0;
    for (const finding of findings) {
      finding.node.hidden = !wanted(finding, words, severities);
      if (!finding.node.hidden) shown += 1;
    }
    for (const group of list.children) {
      const left = group.querySelectorAll("article:not([hidden])").length;
      group.hidden = left === 0;
      group.querySelector(".count").textContent = left;
    }
    output.textContent = `${shown} of ${findings.length} findings shown`;
  };

  fold.hidden = false;
  fold.open = matchMedia("(min-width: 45rem)").matches;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, select")) {
      event.preventDefault();
      fold.open = true;
      controls.search.focus();
    }
  });
  apply();
})();
