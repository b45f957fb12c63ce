import type { Command } from 'commander';
import { PRESETS } from '../host/export/presets.ts';
import type { CliContext } from './context.ts';

export function addPresetsCommand(program: Command, context: CliContext): void {
  program
    .command('presets')
    .description('The ways to export that "render --preset" knows.')
    .option('--json', 'as JSON')
    .action((flags: { json?: boolean }) => {
      if (flags.json) {
        context.stdout.write(`${JSON.stringify(PRESETS)}\n`);
        return;
      }
      const width = Math.max(...PRESETS.map(({ id }) => id.length));
      for (const { id, title, description } of PRESETS) {
        context.stdout.write(`${id.padEnd(width)}  ${title}: ${description}\n`);
      }
    });
}
