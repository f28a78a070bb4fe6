// What scrolls sideways can be reached and scrolled by keyboard; what fits is no stop on the way.
function reach() {
  for (const box of document.querySelectorAll("article :is(pre, .table-wrapper, .math-wrapper)"))
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
}
addEventListener("load", reach);
addEventListener("resize", reach);
