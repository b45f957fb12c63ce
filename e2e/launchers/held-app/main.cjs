const { join } = require('node:path');
const { app } = require('electron');

// The checkout's desktop, whose `ready` waits until Playwright has attached: it may miss the first page otherwise, and
// waits for it for ever. Playwright does this by itself only where the executable is that of the electron package.
const ROOT = join(__dirname, '..', '..', '..');
require(join(ROOT, 'node_modules', 'playwright-core', 'lib', 'server', 'electron', 'loader.js'));
app.setAppPath(ROOT);
require(join(ROOT, 'dist', 'desktop', 'main.cjs'));
