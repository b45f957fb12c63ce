import type { Command } from 'commander';
import type { CliContext } from './context.ts';

export function addPresetsCommand(program: Command, context: CliContext): void {
  program
    .command('presets')
    .description('The ways to export that "render --preset" knows; yours are files in the data folder.')
    .option('--json', 'as JSON')
    .action(async (flags: { json?: boolean }) => {
      const { presets, problems } = await context.host().presets.list();
      for (const problem of problems) context.stderr.write(`Note: ${problem}\n`);
      if (flags.json) {
        context.stdout.write(`${JSON.stringify(presets)}\n`);
        return;
      }
      const width = Math.max(...presets.map(({ id }) => id.length));
      for (const { id, title, description, custom } of presets) {
        const whose = custom ? ' (yours)' : '';
        context.stdout.write(`${id.padEnd(width)}  ${title}${whose}: ${description}\n`);
      }
    });
}
