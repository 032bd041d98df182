// What scrolls sideways must be reachable by keyboard: give it a tab stop, as long as it does scroll.
(() => {
  const wide = "pre, .sd-table, .math.display, .cell-output-display";
  const mark = () => document.querySelectorAll(wide).forEach((el) => {
    if (el.scrollWidth > el.clientWidth) el.tabIndex = 0;
    else el.removeAttribute("tabindex");
  });
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
