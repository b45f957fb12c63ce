#!/usr/bin/env node
// `inbetween` after `npm link`: the command line, through the launcher that finds the right Node.
process.argv.splice(2, 0, 'cli');
await import('./launch.mjs');
