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

/** Columns of text, all but the first right-aligned. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('');
}
