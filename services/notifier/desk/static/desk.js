// The desk's conveniences: keyboard shortcuts, dialogs, copying, highlighted evidence. Every page also works without.
"use strict";
(() => {
  const findAll = (selector, root = document) => [...root.querySelectorAll(selector)];
  const find = (selector) => document.querySelector(selector);

  const openDialog = (id) => {
    const dialog = document.getElementById(id);
    if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
  };
  const onClick = (element, act) =>
    element.addEventListener("click", (event) => { event.preventDefault(); act(); });
  findAll("[data-open]").forEach((element) => onClick(element, () => openDialog(element.dataset.open)));
  findAll("[data-close]").forEach((element) => onClick(element, () => element.closest("dialog").close()));

  findAll("[data-copy]").forEach((button) =>
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(source.value);
      } catch {
        source.select(); // browsers offer no clipboard over plain http from another machine
        document.execCommand("copy");
      }
      const label = button.textContent;
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = label; }, 2000);
    }));

  // A menu closes with Escape, and when something else is clicked or gets the focus.
  const menus = () => findAll("[data-menu][open]");
  const closeOthers = ({ target }) => menus().forEach((menu) => { if (!menu.contains(target)) menu.open = false; });
  document.addEventListener("click", closeOthers);
  document.addEventListener("focusin", closeOthers);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menus().forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
  });

  // A second click must not send the same form again while the first is being sent.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.getAttribute("method") !== "post") return;
    if (form.dataset.confirm && !confirm(form.dataset.confirm)) { event.preventDefault(); return; }
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => findAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

  // An offer to undo a decision is gone when its time is over.
  findAll("[data-gone-at]").forEach((element) =>
    setTimeout(() => { element.hidden = true; }, Math.max(0, Date.parse(element.dataset.goneAt) - Date.now())));

  const evidenceOf = (mark) => document.getElementById("ev-" + mark.dataset.ref);
  const highlight = (mark, on) => evidenceOf(mark)?.classList.toggle("highlighted", on);
  findAll("mark[data-ref]").forEach((mark) => {
    for (const [event, on] of [["mouseenter", true], ["focus", true], ["mouseleave", false], ["blur", false]]) {
      mark.addEventListener(event, () => highlight(mark, on));
    }
    mark.addEventListener("click", () => evidenceOf(mark)?.scrollIntoView({ block: "nearest" }));
  });

  // Select drafts: a row's box stands for its group, and the bar appears when something is selected.
  const groupBox = (box) => box.closest(".members") && box.closest(".row").querySelector("[name=group]");
  const countSelected = () => {
    if (!find("[data-bulk-bar]")) return;
    const boxes = findAll("[data-pick]:checked").filter((box) => !(box.name === "pick" && groupBox(box)?.checked));
    find("[data-bulk-count]").textContent = `${boxes.reduce((sum, box) => sum + Number(box.dataset.pick), 0)} selected`;
    find("[data-bulk-bar]").hidden = boxes.length === 0;
  };
  document.addEventListener("change", ({ target }) => {
    if (!target.matches("[data-pick]")) return;
    if (target.name === "group") {
      findAll(".members [data-pick]", target.closest(".row")).forEach((box) => { box.checked = target.checked; });
    } else if (!target.checked && groupBox(target)) groupBox(target).checked = false;
    countSelected();
  });
  document.addEventListener("rows-changed", countSelected);
  window.addEventListener("pageshow", countSelected);
  countSelected();

  find("[data-edit] textarea")?.focus();

  // Offer the browser's time zone; never switch to it without asking.
  const zoneForm = find("[data-zone]");
  const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zoneForm && browserZone && browserZone !== zoneForm.dataset.zone) {
    zoneForm.elements.namedItem("name").value = browserZone;
    zoneForm.querySelector("span").textContent = browserZone;
    zoneForm.hidden = false;
  }
})();
