// Liên Vùng: the one script. It only shortens the way; every page works without it.
(() => {
  "use strict";
  const all = (selector, root) => [...(root || document).querySelectorAll(selector)];
  const one = (selector, root) => (root || document).querySelector(selector);
  const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");

  // Suggestions under the search box; the answer is {"items":[{"title","href"}]}.
  all("input[data-suggest]").forEach((input) => {
    const list = document.createElement("ul");
    list.className = "suggest";
    list.hidden = true;
    input.after(list);
    let timer, running;
    const ask = async () => {
      running?.abort();
      const text = input.value.trim();
      if (text.length < 2) { list.hidden = true; return; }
      running = new AbortController();
      try {
        const query = new URLSearchParams({ q: text, lang: input.dataset.lang });
        const answer = await fetch(input.dataset.suggest + "?" + query, { signal: running.signal, headers: { accept: "application/json" } });
        if (!answer.ok) return;
        const { items = [] } = await answer.json();
        list.replaceChildren(...items.slice(0, 8).map((item) => {
          const row = document.createElement("li");
          const link = row.appendChild(document.createElement("a"));
          link.href = item.href;
          link.textContent = item.title;
          return row;
        }));
        list.hidden = !items.length;
      } catch { list.hidden = true; }
    };
    input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 180); });
    input.form.addEventListener("keydown", (event) => {
      const links = all("a", list);
      const at = links.indexOf(document.activeElement);
      if (event.key === "Escape") { list.hidden = true; input.focus(); }
      else if (!list.hidden && event.key === "ArrowDown") { links[Math.min(at + 1, links.length - 1)]?.focus(); event.preventDefault(); }
      else if (!list.hidden && event.key === "ArrowUp") { (at > 0 ? links[at - 1] : input).focus(); event.preventDefault(); }
    });
    document.addEventListener("click", (event) => { if (!input.form.contains(event.target)) list.hidden = true; });
  });

  // Light and dark at once; the form's answer keeps the choice.
  all("form[data-theme-form]").forEach((form) => form.addEventListener("submit", (event) => {
    const choice = event.submitter?.value;
    if (!choice) return;
    event.preventDefault();
    if (choice === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    const scheme = one("meta[name=color-scheme]");
    if (scheme) scheme.content = choice === "auto" ? "light dark" : choice;
    all("button", form).forEach((button) => button.value === choice ? button.setAttribute("aria-pressed", "true") : button.removeAttribute("aria-pressed"));
    fetch(form.action, { method: "POST", redirect: "manual", body: new URLSearchParams({ theme: choice, back: "/" }) }).catch(() => form.submit());
  }));

  // Copy buttons are hidden without script.
  all("[data-copy]").forEach((button) => {
    if (!navigator.clipboard) return;
    button.hidden = false;
    const label = one("span", button);
    const before = label.textContent;
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      await navigator.clipboard.writeText(source.value ?? source.textContent);
      label.textContent = button.dataset.done;
      label.setAttribute("role", "status");
      setTimeout(() => { label.textContent = before; }, 2500);
    });
  });

  // A form that was changed and not sent asks before the page is left (form data-guard).
  let unsaved = false;
  document.addEventListener("input", (event) => { if (event.target.closest("form[data-guard]")) unsaved = true; });
  document.addEventListener("submit", (event) => { if (event.target.matches("form[data-guard]")) unsaved = false; });
  addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });

  // A form is kept as a draft while it is typed (form data-draft: the words that say so); without script its button does it.
  all("form[data-draft]").forEach((form) => {
    const status = one(".actions", form).appendChild(document.createElement("span"));
    status.setAttribute("role", "status");
    status.className = "hint";
    let timer, kept = "";
    const keep = async () => {
      const inputs = new URLSearchParams(new FormData(form));
      if (form.dataset.sent || inputs.toString() === kept) return;
      kept = inputs.toString();
      inputs.set("_draft", "quiet");
      try {
        const answer = await fetch(form.action, { method: "POST", redirect: "manual", body: inputs });
        if (answer.status === 204) { unsaved = false; status.textContent = form.dataset.draft + " " + new Date().toLocaleTimeString("vi-VN"); }
      } catch { kept = ""; }
    };
    form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(keep, 2000); });
  });

  // What other records say already stands beside a form while it is typed (form data-panel: where); without script its button asks.
  all("form[data-panel]").forEach((form) => {
    const panel = document.getElementById(form.dataset.panel);
    let timer, running, asked = "";
    const ask = async () => {
      const inputs = new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));
      inputs.set("_overlap", "quiet");
      if (inputs.toString() === asked) return;
      asked = inputs.toString();
      running?.abort();
      running = new AbortController();
      try {
        const answer = await fetch(form.action, { method: "POST", redirect: "manual", body: inputs, signal: running.signal });
        if (answer.status === 200) panel.innerHTML = await answer.text();
      } catch { asked = ""; }
    };
    form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 350); });
  });

  // A file goes in pieces (form data-pieces: where to): a lost line costs one piece, and the same file chosen again goes on where it was.
  all("form[data-pieces]").forEach((form) => {
    const words = form.dataset;
    const send = one(".actions button", form);
    const box = form.appendChild(document.createElement("div"));
    box.className = "progress";
    box.hidden = true;
    const bar = box.appendChild(document.createElement("progress"));
    bar.setAttribute("aria-label", words.sending);
    const figures = box.appendChild(document.createElement("span"));
    const stop = box.appendChild(document.createElement("button"));
    stop.type = "button";
    stop.className = "button";
    stop.textContent = words.cancel;
    const status = form.appendChild(document.createElement("p"));
    status.setAttribute("role", "status");
    const say = (text, wrong) => { status.textContent = text; status.className = wrong ? "error" : "hint"; };
    const megabytes = (bytes) => (bytes / 1e6).toLocaleString(document.documentElement.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
    let ended;

    const ask = async (method, address, body, headers) => {
      const answer = await fetch(address, { method, body, redirect: "manual", signal: ended.signal, headers: { accept: "application/json", ...headers } });
      const data = await answer.json().catch(() => ({}));
      if (answer.ok || answer.type === "opaqueredirect") return data;
      throw Object.assign(new Error(data.detail), { status: answer.status });
    };
    // A line that is down and a server that is busy pass; every other answer is for the person to read.
    const passes = (error) => !ended.signal.aborted && [undefined, 408, 409, 429, 502, 503, 504].includes(error.status);
    const rest = (time) => new Promise((done) => {
      setTimeout(done, time);
      for (const event of [[window, "online"], [ended.signal, "abort"]]) event[0].addEventListener(event[1], done, { once: true });
    });
    const until = async (step) => {
      for (let time = 1000; ; time = Math.min(time * 2, 30000)) {
        try { const done = await step(); say(""); return done; } catch (error) {
          if (!passes(error)) throw error;
          say(words.lost);
          await rest(time);
        }
      }
    };

    const transfer = async (file) => {
      const inputs = new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));
      for (const [name, value] of [["name", file.name], ["size", file.size], ["modified", file.lastModified]]) inputs.set(name, value);
      let state;
      stop.onclick = async () => {
        ended.abort();
        if (state) await fetch(state.href + "/huy", { method: "POST", redirect: "manual" }).catch(() => {});
        location.reload();
      };
      state = await until(() => ask("POST", words.pieces, inputs));
      let length = 1 << 18;
      const show = () => {
        bar.max = state.size;
        bar.value = state.received;
        figures.textContent = `${megabytes(state.received)}/${megabytes(state.size)} MB, ${words.left} ${megabytes(state.size - state.received)} MB`;
      };
      show();
      while (state.received < state.size) {
        const end = Math.min(state.received + length, state.size);
        const piece = await file.slice(state.received, end).arrayBuffer().catch(() => { throw Object.assign(new Error(words.changed), { status: 0 }); });
        try {
          state = await ask("PUT", state.href, piece, { "content-range": `bytes ${state.received}-${end - 1}/${state.size}` });
          length = Math.min(length * 2, 1 << 20);
        } catch (error) {
          if (!passes(error)) throw error;
          length = Math.max(length / 2, 1 << 16);
          say(words.lost);
          state = await until(() => ask("GET", state.href));
        }
        show();
      }
      await until(() => ask("POST", state.href + "/xong"));
      location.assign(state.page);
    };

    form.addEventListener("submit", async (event) => {
      const file = one("input[type=file]", form).files[0];
      if (!file) return;
      event.preventDefault();
      if (!box.hidden) return;
      ended = new AbortController();
      box.hidden = false;
      send.disabled = true;
      try { await transfer(file); } catch (error) {
        if (ended.signal.aborted) return;
        box.hidden = true;
        send.disabled = false;
        say(error.message || words.lost, true);
      }
    });
  });

  // A form sent twice by a double click is sent once.
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.method !== "post") return;
    if (event.target.dataset.sent) { event.preventDefault(); return; }
    event.target.dataset.sent = "1";
  });
  addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));

  // Rows of repeated groups are added and removed here; without script the server does it.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=_add], button[name=_remove]");
    const group = button?.closest("[data-group]");
    if (!group) return;
    const rows = all("[data-row]", group);
    const name = group.dataset.group;
    const number = (row, to) => all("[name], [id], [for], [value], [aria-describedby]", row).forEach((element) => {
      for (const attribute of ["name", "id", "for", "aria-describedby"]) {
        const value = element.getAttribute(attribute);
        if (value) element.setAttribute(attribute, value.replaceAll(new RegExp("(^|f-)(" + name.replaceAll(".", "[.-]") + ")([.-])\\d+", "g"), "$1$2$3" + to).replaceAll(new RegExp("( f-" + name.replaceAll(".", "-") + "-)\\d+", "g"), "$1" + to));
      }
      if (element.name === "_remove") element.value = name + "." + to;
    });
    if (button.name === "_add") {
      if (!rows.length) return;
      const row = rows.at(-1).cloneNode(true);
      all("input, textarea, select", row).forEach((field) => {
        if (field.type === "checkbox" || field.type === "radio") field.checked = false;
        else if (field.type !== "hidden") field.value = "";
        field.removeAttribute("aria-invalid");
      });
      all(".error", row).forEach((message) => message.remove());
      number(row, rows.length);
      rows.at(-1).after(row);
      one("input, textarea, select", row)?.focus();
    } else {
      if (rows.length < 2) return;
      const row = button.closest("[data-row]");
      const next = rows[rows.indexOf(row) + 1] || rows.at(-2);
      row.remove();
      all("[data-row]", group).forEach(number);
      one("input, textarea, select", next)?.focus();
    }
    unsaved = true;
    event.preventDefault();
  });

  // Split screen: a draft and its words in the source point at each other.
  const meet = (name, to) => {
    all(".current").forEach((element) => element.classList.remove("current"));
    const marks = all(`[data-span="${CSS.escape(name)}"]`);
    const draft = document.getElementById("draft-" + name);
    [...marks, draft].forEach((element) => element?.classList.add("current"));
    (to === "draft" ? draft : marks[0])?.scrollIntoView({ block: "center" });
  };
  document.addEventListener("click", (event) => {
    const mark = event.target.closest("[data-span]");
    if (mark) { meet(mark.dataset.span, "draft"); event.preventDefault(); one("input, textarea, select, button, a", document.getElementById("draft-" + mark.dataset.span))?.focus({ preventScroll: true }); return; }
    const draft = event.target.closest(".draft[id^=draft-]");
    if (draft) meet(draft.id.slice(6), "source");
  });

  // A row whose link carries data-preview opens below the row.
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-preview]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const row = link.closest("tr");
    if (row.nextElementSibling?.className === "preview") { row.nextElementSibling.remove(); return; }
    try {
      const answer = await fetch(link.dataset.preview);
      if (!answer.ok) throw 0;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const cell = document.createElement("td");
      cell.colSpan = row.cells.length;
      cell.append(...(one("[data-preview-body]", page) || one("main", page)).childNodes);
      const below = document.createElement("tr");
      below.className = "preview";
      below.append(cell);
      row.after(below);
    } catch { location.href = link.href; }
  });

  // Keys: "/" goes to the search box; "d" presses the approval of the row or card that has the focus.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "/") { one("input[type=search]")?.focus(); event.preventDefault(); }
    if (event.key === "d") event.target.closest?.("tr, .card, .draft")?.querySelector("[data-approve]")?.click();
  });

  // After a refused form the reader begins at the summary.
  one("[data-focus]")?.focus();
})();
