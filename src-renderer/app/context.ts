import { getContext, setContext } from 'svelte';
import type { Studio } from '../state/studio.svelte.ts';

const KEY = Symbol('studio');

export function provideStudio(studio: Studio): void {
  setContext(KEY, studio);
}

export function useStudio(): Studio {
  return getContext<Studio>(KEY);
}
