import { existsSync, readFileSync, renameSync } from 'node:fs';
import { z } from 'zod';
import { writeWholeFileSync } from '../files/whole-file.ts';

const size = z.int().min(100).max(20_000);
const place = z.int().min(-40_000).max(40_000);
const schema = z.strictObject({
  version: z.literal(1),
  window: z
    .strictObject({
      bounds: z.strictObject({ x: place, y: place, width: size, height: size }),
      maximised: z.boolean(),
    })
    .optional(),
  /** The host of the window when it is not this machine's own; the token as token-vault.ts writes it. */
  remote: z.strictObject({ origin: z.url({ protocol: /^https?$/ }), token: z.string().max(4096) }).optional(),
  /** A Node that runs the host instead of Electron's own; INBETWEEN_NODE goes before it. */
  node: z.string().max(4096).optional(),
});
export type ShellSettings = z.infer<typeof schema>;

export interface SettingsStore {
  readonly value: ShellSettings;
  /** Why the file could not be used; empty when it could. */
  readonly problem: string;
  /** `undefined` takes a setting away. */
  set(patch: {
    readonly [Key in Exclude<keyof ShellSettings, 'version'>]?: ShellSettings[Key] | undefined;
  }): void;
}

/** Settings of the shell in a file. A malformed one is told of, kept beside (`.refused`) and replaced by defaults. */
export function openSettings(file: string): SettingsStore {
  let value: ShellSettings = { version: 1 };
  let problem = '';
  try {
    if (existsSync(file)) value = schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const what = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    problem = `The settings in ${file} cannot be used, so defaults are: ${what}`;
  }
  return {
    get value() {
      return value;
    },
    problem,
    set(patch) {
      value = schema.parse({ ...value, ...patch });
      if (problem !== '' && existsSync(file) && !existsSync(`${file}.refused`)) {
        renameSync(file, `${file}.refused`);
      }
      // It may hold a token.
      writeWholeFileSync(file, `${JSON.stringify(value, null, 2)}\n`, 0o600);
    },
  };
}
