import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

/** Builds the window (src-renderer) into dist/renderer, which the host serves and the desktop shell shows. */
export default defineConfig({
  root: 'src-renderer',
  base: '/',
  plugins: [svelte()],
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    // The oldest Chromium that the window is tested in.
    target: 'chrome108',
    // Assets stay files: the content security policy allows no data: addresses for fonts and scripts.
    assetsInlineLimit: 0,
    // One style sheet, small: a dialog that is loaded later never changes the order of rules.
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
  },
});
