// The desk's few conveniences: keys, dialogs, copying, and evidence that lights up. Every page also works by mouse.
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);

  const open = (id) => {
    const dialog = document.getElementById(id);
    if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
  };
  const instead = (act) => (event) => { event.preventDefault(); act(event.currentTarget); };
  all("[data-open]").forEach((it) => it.addEventListener("click", instead(() => open(it.dataset.open))));
  all("[data-close]").forEach((it) => it.addEventListener("click", instead(() => it.closest("dialog").close())));

  all("[data-copy]").forEach((button) =>
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(source.value);
      } catch {
        source.select(); // no clipboard over plain http from another machine: the old way
        document.execCommand("copy");
      }
      const label = button.textContent;
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = label; }, 2000);
    }));

  // A second press must not send the same form again while the first is on its way.
  all("form[method=post]").forEach((form) =>
    form.addEventListener("submit", (event) => {
      if (form.dataset.confirm && !confirm(form.dataset.confirm)) { event.preventDefault(); return; }
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "yes";
    }));
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));

  const light = (mark, on) => {
    const item = mark.dataset.ref && document.getElementById("ev-" + mark.dataset.ref);
    if (item) item.classList.toggle("lit", on);
  };
  all("mark[data-ref]").forEach((mark) => {
    for (const [event, on] of [["mouseenter", true], ["focus", true], ["mouseleave", false], ["blur", false]]) {
      mark.addEventListener(event, () => light(mark, on));
    }
    mark.addEventListener("click", () => {
      const item = document.getElementById("ev-" + mark.dataset.ref);
      if (item) item.scrollIntoView({ block: "nearest" });
    });
  });

  const links = all(".row-link");
  const move = (by) => {
    if (!links.length) return;
    const at = links.indexOf(document.activeElement);
    const to = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + by, 0), links.length - 1);
    links[to].focus();
    links[to].scrollIntoView({ block: "nearest" });
  };
  const press = (name) => {
    const target = one(`[data-action="${name}"]`);
    if (!target) return;
    if (target instanceof HTMLFormElement) target.requestSubmit(target.querySelector("button"));
    else target.click();
  };
  const keys = {
    j: () => move(1),
    k: () => move(-1),
    e: () => press("edit"),
    a: () => press("approve"),
    c: () => press("copy"),
    d: () => press("dismiss"),
    u: () => one("[data-up]")?.click(),
    "?": () => open("help"),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat && event.key === "a") return;
    if (event.target.closest("input, textarea, select") || one("dialog[open]")) return;
    const act = keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  one("[data-edit] textarea")?.focus();

  // Where the reader is, as the browser has it; offered, never assumed.
  const offer = one("[data-zone]");
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (offer && here && here !== offer.dataset.zone) {
    offer.elements.namedItem("name").value = here;
    offer.querySelector("span").textContent = here;
    offer.hidden = false;
  }

  // Drafts come while the inbox is open. An empty one fills by itself; another is never changed under the reader.
  const watch = one("[data-watch]");
  const look = async () => {
    if (document.visibilityState !== "visible") return;
    try {
      const answer = await fetch("/api/v1/health", { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const { inbox } = await answer.json();
      if (inbox === Number(watch.dataset.watch)) return;
      if (one(".empty")) location.reload();
      else watch.hidden = false;
    } catch {
      // The server is away for a moment; the next look will tell.
    }
  };
  if (watch) setInterval(look, 5000);
})();
