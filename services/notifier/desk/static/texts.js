// Text that was typed and not saved is kept in the browser: a session may expire, a tab may be closed. It is offered again.
"use strict";
(() => {
  const user = document.body.dataset.user;
  const prefix = `firstword.text.${user}.`;
  const WEEK = 7 * 24 * 3600 * 1000;
  const find = (selector) => document.querySelector(selector);
  const read = (key) => {
    try { return JSON.parse(localStorage.getItem(key)); } catch { return null; }
  };
  const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  keys().filter((key) => !(read(key)?.at > Date.now() - WEEK)).forEach((key) => localStorage.removeItem(key));

  const note = find("[data-kept]");
  const offer = (key, text, restore) => {
    const link = note.querySelector("a");
    link.textContent = text.subject;
    link.href = `/drafts/${key.slice(prefix.length)}?edit`;
    if (restore) link.addEventListener("click", (event) => { event.preventDefault(); restore(); note.hidden = true; });
    note.querySelector("button").addEventListener("click", () => { localStorage.removeItem(key); note.hidden = true; });
    note.hidden = false;
  };

  const form = find("[data-edit]");
  const here = /^\/drafts\/([^/]+)/.exec(location.pathname)?.[1];
  if (form) {
    const key = prefix + form.dataset.edit;
    const { subject, body } = form.elements;
    const kept = read(key);
    if (kept && (kept.subject !== subject.value || kept.body !== body.value)) {
      offer(key, kept, () => { subject.value = kept.subject; body.value = kept.body; body.focus(); });
    }
    form.addEventListener("input", () => localStorage.setItem(
      key, JSON.stringify({ subject: subject.value, body: body.value, at: Date.now() })));

    // Colleagues see who has the draft open.
    const token = form.elements.namedItem("form_token").value;
    const about = (closed) => new URLSearchParams({ form_token: token, ...(closed && { closed: "yes" }) });
    const report = async () => {
      if (document.visibilityState !== "visible") return;
      try {
        const answer = await fetch(`/drafts/${form.dataset.edit}/editing`, { method: "POST", body: about(false) });
        if (!answer.ok) return;
        const { editors } = await answer.json();
        const shown = find("[data-editors]");
        if (!shown) return;
        shown.hidden = editors.length === 0;
        shown.textContent = `${editors.join(", ")} ${editors.length > 1 ? "are" : "is"} editing this draft.`;
      } catch {
        // The server can't be reached for a moment.
      }
    };
    report();
    setInterval(report, 20_000);
    window.addEventListener("pagehide", () => navigator.sendBeacon(`/drafts/${form.dataset.edit}/editing`, about(true)));
  } else if (here && new URLSearchParams(location.search).get("note") === "saved") {
    localStorage.removeItem(prefix + here);
  }
  find("[data-drop-text]")?.addEventListener("click", () => localStorage.removeItem(prefix + form.dataset.edit));
  if (!form) {
    const [key] = keys();
    if (key) offer(key, read(key));
  }

  // Nothing stays behind on a machine that somebody else may use next.
  find("form[action='/signout']")?.addEventListener("submit", (event) => {
    const left = keys();
    if (left.length && !confirm("You have unsaved text. Sign out and delete it?")) event.preventDefault();
    else left.forEach((key) => localStorage.removeItem(key));
  });
})();
