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

  // A second click must not send the same form again while the first is being sent.
  findAll("form[method=post]").forEach((form) =>
    form.addEventListener("submit", (event) => {
      if (form.dataset.confirm && !confirm(form.dataset.confirm)) { event.preventDefault(); return; }
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "yes";
    }));
  window.addEventListener("pageshow", () => findAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

  // An offer to undo a decision is gone when its time is over.
  findAll("[data-gone-at]").forEach((element) =>
    setTimeout(() => { element.hidden = true; }, Math.max(0, Date.parse(element.dataset.goneAt) - Date.now())));

  const evidenceOf = (mark) => mark.dataset.ref && document.getElementById("ev-" + mark.dataset.ref);
  const highlight = (mark, on) => evidenceOf(mark)?.classList.toggle("highlighted", on);
  findAll("mark[data-ref]").forEach((mark) => {
    for (const [event, on] of [["mouseenter", true], ["focus", true], ["mouseleave", false], ["blur", false]]) {
      mark.addEventListener(event, () => highlight(mark, on));
    }
    mark.addEventListener("click", () => evidenceOf(mark)?.scrollIntoView({ block: "nearest" }));
  });

  // Select drafts: a row's box stands for its group, and the bar appears when something is selected.
  const bulk = find("[data-bulk]");
  const boxes = () => (bulk ? findAll("[data-pick]", bulk) : []);
  const countSelected = () => {
    const selected = boxes().filter((box) => box.checked && !(box.name === "pick" && groupBox(box)?.checked));
    const count = selected.reduce((sum, box) => sum + Number(box.dataset.pick), 0);
    find("[data-bulk-count]").textContent = `${count} selected`;
    find("[data-bulk-bar]").hidden = count === 0;
  };
  const groupBox = (box) => box.closest(".members") && box.closest(".row").querySelector("[name=group]");
  if (bulk) {
    bulk.addEventListener("change", ({ target }) => {
      if (target.name === "group") {
        findAll(".members [data-pick]", target.closest(".row")).forEach((box) => { box.checked = target.checked; });
      } else if (target.name === "pick" && !target.checked && groupBox(target)) groupBox(target).checked = false;
      if (target.matches("[data-pick]")) countSelected();
    });
    countSelected();
    window.addEventListener("pageshow", countSelected);
  }

  const links = findAll(".row-link");
  const moveFocus = (by) => {
    if (!links.length) return;
    const current = links.indexOf(document.activeElement);
    const next = current < 0
      ? (by > 0 ? 0 : links.length - 1)
      : Math.min(Math.max(current + by, 0), links.length - 1);
    links[next].focus();
    links[next].scrollIntoView({ block: "nearest" });
  };
  const press = (name) => {
    const target = find(`[data-action="${name}"]`);
    if (!target) return;
    if (target instanceof HTMLFormElement) target.requestSubmit(target.querySelector("button"));
    else target.click();
  };
  const shortcuts = {
    j: () => moveFocus(1),
    k: () => moveFocus(-1),
    e: () => press("edit"),
    a: () => press("approve"),
    c: () => press("copy"),
    d: () => press("dismiss"),
    o: () => links.includes(document.activeElement) && document.activeElement.click(),
    x: () => document.activeElement.closest(".row")?.querySelector("[data-pick]")?.click(),
    u: () => find("[data-up]")?.click(),
    "/": () => find("#find")?.select(),
    "?": () => openDialog("help"),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat && event.key === "a") return;
    if (event.target.closest("input, textarea, select") || find("dialog[open]")) return;
    const act = shortcuts[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  find("[data-edit] textarea")?.focus();

  // Offer the browser's time zone; never switch to it without asking.
  const zoneForm = find("[data-zone]");
  const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zoneForm && browserZone && browserZone !== zoneForm.dataset.zone) {
    zoneForm.elements.namedItem("name").value = browserZone;
    zoneForm.querySelector("span").textContent = browserZone;
    zoneForm.hidden = false;
  }

  // Drafts arrive while the inbox is open. An empty inbox reloads; another one only says that it has changed.
  const notice = find("[data-inbox-total]");
  const checkInbox = async () => {
    if (document.visibilityState !== "visible") return;
    try {
      const answer = await fetch("/api/v1/health", { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const { inbox } = await answer.json();
      if (inbox === Number(notice.dataset.inboxTotal)) return;
      if (find(".empty")) location.reload();
      else notice.hidden = false;
    } catch {
      // The server can't be reached for a moment; the next check will tell.
    }
  };
  if (notice) setInterval(checkInbox, 5000);
})();
