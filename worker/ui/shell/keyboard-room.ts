/**
 * Says in `--keyboard` how much of the window's foot a phone's keyboard covers. Chromium and Firefox make the window smaller by it
 * (`interactive-widget` in index.html), so that it is 0 there; iOS does not. @returns stop.
 */
export function keepClearOfKeyboard(): () => void {
  const viewport = window.visualViewport;
  if (viewport === null) return () => undefined;
  function measure(): void {
    if (viewport === null) return;
    // Of a page that is zoomed in, a part is seen too: that is no keyboard.
    const covered = viewport.scale > 1.01 ? 0 : innerHeight - viewport.height - viewport.offsetTop;
    document.documentElement.style.setProperty('--keyboard', `${Math.max(0, Math.round(covered))}px`);
  }
  viewport.addEventListener('resize', measure);
  viewport.addEventListener('scroll', measure);
  return () => {
    viewport.removeEventListener('resize', measure);
    viewport.removeEventListener('scroll', measure);
  };
}
