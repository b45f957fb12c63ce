import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeWholeFile } from '../../files/whole-file.ts';
import type { SoundAnalysis } from './analyse.ts';

/** Raised when the analysis gives other numbers. */
const VERSION = 1;

const schema = z.object({
  version: z.literal(VERSION),
  duration: z.number().positive(),
  peaksPerSecond: z.number().positive(),
  peaks: z.base64(),
  onsets: z.array(z.object({ time: z.number(), strength: z.number() })),
  tempo: z.object({ bpm: z.number(), offset: z.number(), confidence: z.number() }).nullable(),
});

/** An analysis that was kept; undefined when there is none or it cannot be used: it is made again then. */
export async function readAnalysis(file: string): Promise<SoundAnalysis | undefined> {
  try {
    const {
      tempo,
      peaks,
      version: _version,
      ...rest
    } = schema.parse(JSON.parse(await readFile(file, 'utf8')));
    return { ...rest, peaks: Buffer.from(peaks, 'base64'), tempo: tempo ?? undefined };
  } catch {
    return undefined;
  }
}

export async function writeAnalysis(file: string, analysis: SoundAnalysis): Promise<void> {
  const json: z.input<typeof schema> = {
    version: VERSION,
    duration: analysis.duration,
    peaksPerSecond: analysis.peaksPerSecond,
    peaks: Buffer.from(analysis.peaks).toString('base64'),
    onsets: [...analysis.onsets],
    tempo: analysis.tempo ?? null,
  };
  await writeWholeFile(file, JSON.stringify(json));
}
