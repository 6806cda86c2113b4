// Keep counts and the inbox's rows up to date. Nothing moves under a hand: while something is selected, only a note appears.
"use strict";
(() => {
  const find = (selector, root = document) => root.querySelector(selector);
  const notice = find("[data-inbox-total]");
  let known = null;

  const show = (name, number) => {
    const link = find(`.top nav a[href="${name}"]`);
    if (!link) return;
    let badge = find(".count", link);
    if (!badge && number) {
      badge = document.createElement("span");
      badge.className = "count";
      link.append(" ", badge);
    }
    if (badge) { badge.firstChild ? badge.firstChild.data = String(number) : badge.append(String(number)); badge.hidden = !number; }
  };
  const busy = () => {
    const list = find("[data-live]");
    return find("[data-pick]:checked") || find("dialog[open]") || find(".bulk-bar details[open]") || find(".members[open]")
      || list?.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
  };
  const refresh = async () => {
    const list = find("[data-live]");
    if (!list) return;
    if (busy()) { notice.hidden = false; return; }
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected || busy()) { notice.hidden = false; return; }
    const fresh = find("[data-live]", new DOMParser().parseFromString(await answer.text(), "text/html"));
    if (!fresh) { notice.hidden = false; return; }
    const focused = list.contains(document.activeElement) && document.activeElement.getAttribute("href");
    list.replaceWith(document.importNode(fresh, true));
    if (focused) [...document.querySelectorAll("[data-live] a")].find((link) => link.getAttribute("href") === focused)?.focus();
    notice.hidden = true;
    document.dispatchEvent(new Event("rows-changed"));
  };
  const hear = (state) => {
    show("/", state.inbox);
    show("/held", state.held);
    show("/sent", state.unknown);
    const changed = known === null ? notice && state.inbox !== Number(notice.dataset.inboxTotal) : known !== state.version;
    known = state.version;
    if (notice && changed) refresh().catch(() => { notice.hidden = false; });
  };

  let timer = 0;
  const poll = async () => {
    if (document.visibilityState !== "visible") return;
    try {
      const answer = await fetch("/api/v1/health", { headers: { Accept: "application/json" } });
      if (answer.ok) { const health = await answer.json(); hear({ ...health, unknown: health.deliveries_of_unknown_outcome, version: String(health.inbox) }); }
    } catch {
      // The server can't be reached for a moment; the next look will tell.
    }
  };
  const source = new EventSource("/live");
  source.addEventListener("inbox", (event) => hear(JSON.parse(event.data)));
  source.addEventListener("ended", () => source.close());
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED && notice && !timer) timer = setInterval(poll, 15_000);
  });
  window.addEventListener("pagehide", () => source.close());
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
})();
