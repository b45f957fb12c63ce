import type { Command } from 'commander';
import { integer, oneOf } from './values.ts';
import { PROVIDER_NAMES } from './shared-options.ts';

/** Flags of every command that compares pictures with words. */
export interface MatchingFlags {
  readonly clip?: string;
  readonly json?: boolean;
  readonly provider?: string;
  readonly threads?: number;
}

export function matchingOptions(command: Command): Command {
  return command
    .option(
      '--clip <ref>',
      'the CLIP model: an installed name or a folder (default: yours, else the one that comes with Inbetween)',
    )
    .option('--json', 'as JSON')
    .option('--provider <name>', `where to compute: ${PROVIDER_NAMES.join(', ')}`, oneOf(PROVIDER_NAMES))
    .option('--threads <n>', 'threads for computing (default: physical cores)', integer(1, 1024));
}

/** Columns of text; the last one is as wide as it comes. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!))).join('  ');
  return rows.map((row) => `${line(row)}\n`).join('');
}
