// What each page does beyond its renderer's own script.
(() => {
  // What is wider than its place scrolls, and must be reachable by keyboard: it gets a tab stop, as long as it does scroll
  const wide = "pre, div.sourceCode, main table, .math.display, .math.inline.wide, .cell-output-display, .quarto-figure figure > p";
  const mark = () => {
    document.querySelectorAll(".math.inline").forEach((el) => {
      el.classList.remove("wide");
      el.classList.toggle("wide", el.getBoundingClientRect().right > document.querySelector("main").getBoundingClientRect().right);
    });
    document.querySelectorAll("figure").forEach((el) => {
      const picture = el.querySelector("img");
      el.classList.toggle("cut", !!picture && picture.offsetWidth > 1.1*el.clientWidth);   // less is margin
    });
    document.querySelectorAll(wide).forEach((el) => {
      if (el.scrollWidth > el.clientWidth && getComputedStyle(el).overflowX !== "visible") el.tabIndex = 0;
      else el.removeAttribute("tabindex");
    });
  };
  // A search takes each word for itself, and does not take kaiming for training
  if (window.Fuse) {
    const Fuse = window.Fuse;
    window.Fuse = class extends Fuse {
      constructor(list, options, index) { super(list, { ...options, threshold: 0.15, useExtendedSearch: true }, index); }
    };
  }
  // On a narrow screen the contents stand below the title
  const toc = document.querySelector("#TOC ul"), title = document.querySelector("#title-block-header");
  if (toc && title) {
    const here = document.createElement("details");
    here.className = "toc-here";
    here.innerHTML = "<summary>On this page</summary>" + toc.outerHTML.replace(/ id="[^"]*"/g, "");
    title.after(here);
  }
  // The button for the chapters says whether they are open, and Escape closes them
  const sidebar = document.querySelector("#quarto-sidebar"), buttons = document.querySelectorAll(".quarto-btn-toggle");
  const open = () => sidebar.classList.contains("show");
  const say = () => buttons.forEach((b) => b.setAttribute("aria-expanded", open()));
  if (sidebar && buttons.length) {
    say();
    new MutationObserver(say).observe(sidebar, { attributes: true, attributeFilter: ["class"] });
    document.addEventListener("keydown", (e) => { if (e.key === "Escape" && open()) buttons[0].click(); });
  }
  window.addEventListener("load", mark);
  window.addEventListener("resize", mark);
})();
