import type { Page } from 'playwright-core';

/**
 * Words that cannot be read in the window as it stands, or in the dialog that is open: cut at the side where no tooltip
 * says them whole, cut from above or below, out of the window, or out of the button that they name. What is left to
 * scroll to (upwards and downwards) is not cut. Each with the reason.
 */
export function cutTexts(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const TOLERANCE = 1.5;
    const found = new Set();
    const scrolls = (value) => value === 'auto' || value === 'scroll';
    const cuts = (value) => value === 'hidden' || value === 'clip';
    const root = document.querySelector('[role="menu"]') ?? document.querySelector('dialog[open]') ?? document.body;
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const words = node.textContent.trim();
      const element = node.parentElement;
      if (words === '' || !element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
      // For those who listen only.
      if (getComputedStyle(element).clipPath === 'inset(50%)') continue;
      const hasTip = element.closest('[title], [data-tip]') !== null;
      range.selectNodeContents(node);
      const text = range.getBoundingClientRect();
      if (text.width === 0) continue;
      const say = (what) => found.add(JSON.stringify(words.slice(0, 60)) + ' ' + what);
      let isScrolled = false;
      for (let at = element; at !== null; at = at.parentElement) {
        const style = getComputedStyle(at);
        const box = at.getBoundingClientRect();
        const beside = text.left < box.left - TOLERANCE || text.right > box.right + TOLERANCE;
        const beyond = text.top < box.top - TOLERANCE || text.bottom > box.bottom + TOLERANCE;
        if (beside && (cuts(style.overflowX) || scrolls(style.overflowX)) && !hasTip) say('is cut at the side');
        if (beyond && cuts(style.overflowY) && !isScrolled) say('is cut from above or below');
        if (at.matches('button, a.button') && (beside || beyond) && style.overflowX === 'visible')
          say('stands out of its button');
        isScrolled ||= scrolls(style.overflowY);
        // What an inner box cuts or lets scroll does not reach the outer ones.
        if (style.overflowX !== 'visible' && beside) break;
        if (at === root) {
          if (text.left < -TOLERANCE || text.right > innerWidth + TOLERANCE) say('is out of the window');
          break;
        }
      }
    }
    return [...found];
  })()`);
}
