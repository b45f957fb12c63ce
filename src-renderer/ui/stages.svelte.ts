/**
 * Counts from 0 to `last`, one with each picture of the screen: what opens together and is much comes in parts, and
 * between two of them the window listens. For use while a component is made.
 */
export function inStages(last: number): { readonly now: number } {
  let now = $state(0);
  $effect(() => {
    if (now >= last) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    // A task of its own, after the one that paints.
    const request = requestAnimationFrame(() => {
      timer = setTimeout(() => (now += 1));
    });
    return () => {
      cancelAnimationFrame(request);
      clearTimeout(timer);
    };
  });
  return {
    get now() {
      return now;
    },
  };
}
