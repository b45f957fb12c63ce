import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

const ICONS = /@lucide[/\\]svelte[/\\]dist[/\\]icons[/\\][^/\\]+\.svelte$/;

/**
 * Icons as plain markup. The package's own component makes each line of an icon an element with spread attributes; a
 * window that opens shows sixty icons at once, and they were the largest part of that work. Their size is the style
 * sheet's, so that they grow with the text.
 */
const plainIcons: Plugin = {
  name: 'plain-icons',
  enforce: 'pre',
  transform(code, id) {
    if (!ICONS.test(id)) return undefined;
    const [, data] = /const iconData = (\{.*\});/.exec(code) ?? [];
    if (data === undefined) throw new Error(`${id} has no drawing where one is looked for.`);
    const { node, size } = JSON.parse(data) as { node: [string, Record<string, string>][]; size: number };
    const drawing = node.map(([tag, attributes]) => {
      const words = Object.entries(attributes).map(([name, value]) => `${name}="${value}"`);
      return `<${tag} ${words.join(' ')} />`;
    });
    return `<script>
  const { class: name, 'aria-label': label } = $props();
</script>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" fill="none"
  stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" class={['icon', name]}
  role={label === undefined ? undefined : 'img'} aria-label={label} aria-hidden={label === undefined ? 'true' : undefined}
>${drawing.join('')}</svg>`;
  },
};

/** Builds the window (src-renderer) into dist/renderer, which the host serves and the desktop shell shows. */
export default defineConfig({
  root: 'src-renderer',
  base: '/',
  plugins: [plainIcons, svelte()],
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
