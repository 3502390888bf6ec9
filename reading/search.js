// Search over all pages. Their text comes as a script, since a page on a disk may load nothing else,
// and only once somebody searches.
{
  const MOST = 12; // sections shown
  const AROUND = 60; // letters shown on either side of what was found

  // For comparing: small letters, without accents. Each letter stays one, so places stay the same.
  const plain = (text) => [...text].map((letter) => letter.normalize("NFD")[0].toLowerCase()[0]).join("");

  let sections;
  globalThis.searchable = (found) => {
    sections = found.map(([page, heading, address, text]) =>
      ({ page, heading, address, text, plain: plain(`${heading}\n${text}`), head: plain(heading) }));
  };
  let loading;
  const load = () => (loading ??= new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: "sections.js", onload: resolve, onerror: reject });
    document.head.append(script);
  }).catch((error) => {
    loading = undefined; // the next letter asks again: a network comes back
    throw error;
  }));

  // Sections with all the words, those first that have them in the heading, then those with most.
  const found = (query) => {
    const words = plain(query).split(/\s+/).filter(Boolean);
    const times = (text, word) => text.split(word).length - 1;
    const score = (one) => words.reduce((sum, word) => sum + 100 * times(one.head, word) + times(one.plain, word), 0);
    const has = (one) => words.every((word) => one.plain.includes(word));
    if (words.length === 0) return [];
    return sections.filter(has).map((one) => [score(one), one]).sort(([a], [b]) => b - a)
      .map(([, one]) => ({ ...one, word: words.find((word) => plain(one.text).includes(word)) ?? "" }));
  };

  const node = (tag, settings, ...children) => {
    const made = Object.assign(document.createElement(tag), settings);
    made.append(...children);
    return made;
  };

  const excerpt = ({ text, word }) => {
    const at = Math.max(0, plain(text).indexOf(word));
    // Whole words, if there is a gap between two of them near enough.
    const from = at > AROUND ? Math.min(text.indexOf(" ", at - AROUND) + 1 || at, at) : 0;
    const rest = at + word.length + AROUND;
    const to = rest < text.length ? Math.max(text.lastIndexOf(" ", rest), at + word.length) : text.length;
    return node("p", {}, (from > 0 ? "… " : "") + text.slice(from, at),
      node("mark", { textContent: text.slice(at, at + word.length) }),
      text.slice(at + word.length, to) + (to < text.length ? " …" : ""));
  };

  const entry = (one) => node("li", {},
    node("a", { href: one.address }, node("span", { textContent: one.page }),
      one.heading === one.page ? "" : ` › ${one.heading}`),
    excerpt(one));

  const field = node("input", { type: "search", autocomplete: "off", placeholder: "for instance: black pixels" });
  const said = node("p", { role: "status" });
  const list = node("ol");
  const box = node("search", { className: "rd-search" }, node("label", {}, "Search all pages ", field), said, list);

  const show = async () => {
    const query = field.value;
    try {
      await load();
    } catch {
      said.textContent = "The file sections.js can’t be had, without which nothing can be found.";
      return;
    }
    if (query !== field.value) return; // somebody has typed on meanwhile
    const all = found(query);
    list.replaceChildren(...all.slice(0, MOST).map(entry));
    said.textContent = !query.trim() ? "" : all.length === 0 ? "Nothing is found. Try fewer words, or a part of one."
      : all.length > MOST ? `${all.length} sections; the first ${MOST}:` : `${all.length} section${all.length > 1 ? "s" : ""}:`;
  };
  field.addEventListener("focus", () => load().catch(() => {}));
  field.addEventListener("input", show);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      field.value = "";
      show();
      field.focus();
    }
    if (event.key === "Enter" && event.target === field) list.querySelector("a")?.click();
  });
  list.addEventListener("click", (event) => {
    if (event.target.closest("a")) {
      field.value = "";
      show();
    }
  });
  document.querySelector(".rd-header").append(box);
}
