// The keyboard: single keys, which can be switched off, and a palette of all commands on Ctrl-K or Cmd-K.
"use strict";
(() => {
  const findAll = (selector, root = document) => [...root.querySelectorAll(selector)];
  const find = (selector) => document.querySelector(selector);
  const openDialog = (id) => {
    const dialog = document.getElementById(id);
    if (dialog && !dialog.open) dialog.showModal();
  };
  const links = () => findAll(".row-link").filter((link) => link.checkVisibility());
  const row = () => document.activeElement.closest(".row");

  const moveFocus = (by) => {
    const all = links();
    if (!all.length) return;
    const current = all.indexOf(document.activeElement);
    const next = current < 0
      ? (by > 0 ? 0 : all.length - 1)
      : Math.min(Math.max(current + by, 0), all.length - 1);
    all[next].focus();
    all[next].scrollIntoView({ block: "nearest" });
  };
  const press = (name) => {
    const target = find(`[data-action="${name}"]`);
    if (target instanceof HTMLFormElement) target.requestSubmit(target.querySelector("button"));
    else target?.click();
    return target;
  };
  // On a draft, act on it. In the inbox, act on what is selected, or else on the entry with the focus.
  const onSelection = (act) => {
    if (!find("[data-bulk-bar]")) return;
    if (!find("[data-pick]:checked")) row()?.querySelector("[data-pick]")?.click();
    if (find("[data-pick]:checked")) act(find("[data-bulk-bar]"));
  };
  const approve = () => press("approve") || onSelection((bar) => bar.querySelector("[value=approve]")?.click());
  const dismiss = () => press("dismiss") || onSelection((bar) => {
    const reason = bar.querySelector("[name=reason]");
    reason.closest("details").open = true;
    reason.focus();
  });
  const shortcuts = {
    j: () => moveFocus(1),
    k: () => moveFocus(-1),
    o: () => links().includes(document.activeElement) && document.activeElement.click(),
    x: () => row()?.querySelector("[data-pick]")?.click(),
    e: () => press("edit"),
    a: approve,
    d: dismiss,
    z: () => findAll("form.undo:not([hidden]) button")[0]?.click(),
    c: () => press("copy"),
    u: () => find("[data-up]")?.click(),
    "/": () => find("#find")?.select(),
    "?": () => openDialog("help"),
  };

  const palette = document.getElementById("palette");
  const text = document.getElementById("palette-text");
  const list = document.getElementById("palette-list");
  const go = (address) => () => { location.href = address; };
  const commands = () => [
    ...findAll(".top nav a").map((link) => [link.firstChild.textContent.trim(), go(link.href), ""]),
    ...(find("[data-action=approve]") || find("[data-bulk-bar]") ? [["Approve", approve, "a"], ["Dismiss", dismiss, "d"]] : []),
    ...(find("[data-action=edit]") ? [["Edit the draft", shortcuts.e, "e"], ["Copy the message", shortcuts.c, "c"]] : []),
    ...(find("form.undo:not([hidden])") ? [["Undo the last decision", shortcuts.z, "z"]] : []),
    ...findAll(".view-bar .tabs a, nav.tabs a").map((link) => [`${find("h1").firstChild.textContent.trim()}: ${link.textContent}`, go(link.href), ""]),
    ["Keyboard shortcuts", shortcuts["?"], "?"],
  ];
  let chosen = 0;
  const matching = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = commands().filter(([name]) => words.every((word) => name.toLowerCase().includes(word)));
    const search = text.value.trim();
    return search ? [...found, [`Search for “${search}”`, go(`/search?q=${encodeURIComponent(search)}`), ""]] : found;
  };
  const fill = () => {
    const found = matching();
    chosen = Math.min(Math.max(chosen, 0), found.length - 1);
    list.replaceChildren(...found.map(([name, act, key], place) => {
      const item = document.createElement("li");
      item.setAttribute("role", "option");
      item.id = `palette-${place}`;
      item.setAttribute("aria-selected", String(place === chosen));
      item.append(name);
      if (key) item.append(Object.assign(document.createElement("kbd"), { textContent: key }));
      item.addEventListener("click", () => { palette.close(); act(); });
      return item;
    }));
    text.setAttribute("aria-activedescendant", `palette-${chosen}`);
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
  };
  text.addEventListener("input", () => { chosen = 0; fill(); });
  text.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      chosen += event.key === "ArrowDown" ? 1 : -1;
      fill();
    } else if (event.key === "Enter") {
      event.preventDefault();
      list.children[chosen]?.click();
    }
  });

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (find("dialog[open]")) return;
      text.value = "";
      chosen = 0;
      openDialog("palette");
      fill();
      return;
    }
    if ("noKeys" in document.body.dataset) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat && "adz".includes(event.key)) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select") || find("dialog[open]")) return;
    const act = Object.hasOwn(shortcuts, event.key) && shortcuts[event.key];
    if (act) { event.preventDefault(); act(); }
  });
})();
