import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { compileModule } from 'svelte/compiler';

/**
 * Lets tests import the window's rune classes (`.svelte.ts`) as they are: Svelte's compiler makes plain classes of
 * them, as it does for a server. Values that are derived follow; nothing is drawn, and no effect runs. Import this
 * file for its effect, and the class by `await import` after it.
 */
registerHooks({
  load(url, context, nextLoad) {
    if (!url.endsWith('.svelte.ts')) return nextLoad(url, context);
    const filename = fileURLToPath(url);
    // What Vite would put there; in development a window checks what its host answers.
    const source = stripTypeScriptTypes(readFileSync(filename, 'utf8')).replaceAll(
      'import.meta.env.DEV',
      'true',
    );
    const { js } = compileModule(source, { filename, generate: 'server' });
    return { format: 'module', source: js.code, shortCircuit: true };
  },
});
