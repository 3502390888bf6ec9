// What a page does without any figure: the contents say where one is, and what is too wide for the
// page can be scrolled by keys.
{
  const marked = "aria-current";
  const fold = document.querySelector(".rd-contents details");
  const links = [...document.querySelectorAll(".rd-contents a")];
  const headings = links.map((link) => document.getElementById(decodeURIComponent(link.hash.slice(1))));

  // The section that is read begins in the upper third of the window, or above it; at the end of the
  // page it is the last one. Where several are in view, it is the one that was asked for.
  const mark = () => {
    const isOver = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    const line = isOver ? innerHeight : innerHeight / 3;
    const tops = headings.map((heading) => heading.getBoundingClientRect().top);
    const asked = links.findIndex((link) => link.hash === location.hash);
    const at = tops[asked] >= 0 && tops[asked] < line ? asked : tops.findLastIndex((top) => top < line);
    links.forEach((link, i) => i === at ? link.setAttribute(marked, "location") : link.removeAttribute(marked));
  };
  addEventListener("scroll", mark, { passive: true });
  addEventListener("hashchange", mark);
  mark();

  // Beside the text, where the style sheet lets them stay, they are open; above it folded.
  const wide = matchMedia("(min-width: 66rem)");
  const open = () => fold && (fold.open = getComputedStyle(fold.parentNode).position === "sticky");
  wide.addEventListener("change", open);
  open();

  // Most tables are narrow, and need no stop of the Tab key.
  const observer = new ResizeObserver((entries) => entries.forEach(({ target: box }) => {
    if (box.scrollWidth > box.clientWidth) {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", "Wide, scrolls sideways");
    } else ["tabindex", "role", "aria-label"].forEach((name) => box.removeAttribute(name));
  }));
  document.querySelectorAll(".rd-scroll, .rd-figure").forEach((box) => observer.observe(box));
}
