// Swaps <main> in place of loading a whole page. All of it is an extra: without this file every link and form works
// as the browser does it, and so it does here wherever something is not as expected.
"use strict";

(() => {
  const parser = new DOMParser();
  let latest = 0; // only the newest click may change the page
  let shown = location.pathname + location.search;

  async function show(address, options, { push }) {
    const turn = ++latest;
    document.body.classList.add("loading");
    try {
      const answer = await fetch(address, { credentials: "same-origin", ...options });
      const type = answer.headers.get("content-type") || "";
      const page = type.startsWith("text/html") && parser.parseFromString(await answer.text(), "text/html");
      const main = page && page.querySelector("main");
      if (turn !== latest) return;
      if (!main || new URL(answer.url).origin !== location.origin) throw new Error("not a page of this site");
      const isPage = !options.method || answer.redirected; // else the address perhaps takes nothing but a form: stay
      if (push) remember(isPage ? answer.url + new URL(address, location.href).hash : location.href);
      swap(page, main);
    } finally {
      if (turn === latest) document.body.classList.remove("loading");
    }
  }

  function remember(address) {
    history.replaceState({ scroll: scrollY }, "");
    history[address === location.href ? "replaceState" : "pushState"]({ scroll: 0 }, "", address);
  }

  function swap(page, main) {
    shown = location.pathname + location.search;
    document.title = page.title;
    document.querySelector("main").replaceWith(document.adoptNode(main));
    const links = page.querySelectorAll(".top nav a");
    document.querySelectorAll(".top nav a").forEach((link, i) => {
      const isCurrent = links[i] && links[i].hasAttribute("aria-current");
      isCurrent ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
    });
    const target = main.querySelector("[aria-invalid=true]") || main.querySelector("h1");
    if (target) {
      if (!target.matches("input, select, textarea")) target.tabIndex = -1;
      target.focus({ preventScroll: true });
    }
    document.getElementById("announce").textContent = document.title;
    scrollTo(0, (history.state && history.state.scroll) || 0);
  }

  const isOurs = (address) => address.origin === location.origin && !address.pathname.startsWith("/api/openapi");

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (event.defaultPrevented || !link || !isPlain || link.target || link.hasAttribute("download")) return;
    const address = new URL(link.href);
    const isHere = address.hash && address.pathname + address.search === location.pathname + location.search;
    if (!isOurs(address) || isHere) return;
    event.preventDefault();
    show(link.href, {}, { push: true }).catch(() => location.assign(link.href));
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    const address = new URL((button && button.getAttribute("formaction")) || form.action, location.href);
    if (event.defaultPrevented || form.target || !isOurs(address)) return;
    const fields = new FormData(form);
    if (button && button.name) fields.append(button.name, button.value);
    event.preventDefault();
    if (form.method === "get") {
      address.search = new URLSearchParams([...fields].filter(([, value]) => value !== "")).toString();
      show(address.href, {}, { push: true }).catch(() => location.assign(address.href));
      return;
    }
    const body = form.enctype === "multipart/form-data" ? fields : new URLSearchParams(fields);
    if (button) button.disabled = true; // one click, one change
    show(address.href, { method: "POST", body }, { push: true })
      .catch(() => location.reload()) // it may have been done: look, do not send it twice
      .finally(() => { if (button) button.disabled = false; });
  });

  addEventListener("popstate", () => {
    if (location.pathname + location.search === shown) return; // another place of this page: what was typed stays
    show(location.href, {}, { push: false }).catch(() => location.reload());
  });
})();
