// What scrolls sideways must be reachable by keyboard: give it a tab stop, as long as it does scroll.
(() => {
  const wide = "pre, .sd-table, .math.display, .cell-output-display";
  const mark = () => document.querySelectorAll(wide).forEach((el) => {
    if (el.scrollWidth > el.clientWidth) el.tabIndex = 0;
    else el.removeAttribute("tabindex");
  });
  window.addEventListener("load", mark);
  window.addEventListener("resize", mark);
})();
