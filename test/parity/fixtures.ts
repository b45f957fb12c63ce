import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { python } from '../../scripts/python-env.ts';

const root = join(import.meta.dirname, '..', '..');

/** One picture of the reference implementation; paths are absolute. See make_parity_fixtures.py. */
export interface ParityCase {
  readonly id: string;
  readonly model: string;
  readonly prompt: string;
  /** Null: no negative prompt is given, which is not the empty one for every model. */
  readonly negative: string | null;
  readonly seed: number;
  readonly steps: number;
  readonly guidance: number;
  readonly scheduler: string;
  readonly width: number;
  readonly height: number;
  readonly initImage?: string;
  readonly strength?: number;
  readonly mask?: string;
  readonly tiled?: true;
  readonly embedding?: string;
  readonly latents: string;
  readonly image: string;
}

/**
 * The folder that make_parity_fixtures.py writes: made with Python, or taken from an earlier run of the same scripts
 * (.cache/parity). INBETWEEN_PARITY_FIXTURES names a folder that is there already.
 */
export async function parityFixtures(): Promise<string> {
  return fixtureFolder({
    name: 'parity',
    script: join(import.meta.dirname, 'make_parity_fixtures.py'),
    setting: process.env.INBETWEEN_PARITY_FIXTURES,
  });
}

/** A folder of fixtures and the script that makes them; `setting` names one that is there already. */
export interface FixtureSource {
  readonly name: string;
  readonly script: string;
  readonly setting: string | undefined;
}

export async function fixtureFolder({ name, script, setting }: FixtureSource): Promise<string> {
  return setting ?? (await make(name, script));
}

export async function parityCases(): Promise<ParityCase[]> {
  const folder = await parityFixtures();
  const cases = JSON.parse(await readFile(join(folder, 'cases.json'), 'utf8')) as ParityCase[];
  const absolute = (path: string | undefined) => (path === undefined ? undefined : join(folder, path));
  return cases.map((one) => {
    const { initImage, mask, embedding, ...rest } = one;
    return {
      ...rest,
      model: join(folder, one.model),
      latents: join(folder, one.latents),
      image: join(folder, one.image),
      ...(initImage === undefined ? {} : { initImage: absolute(initImage) as string }),
      ...(mask === undefined ? {} : { mask: absolute(mask) as string }),
      ...(embedding === undefined ? {} : { embedding: absolute(embedding) as string }),
    };
  });
}

async function make(name: string, script: string): Promise<string> {
  const cache = join(root, '.cache', name);
  const folder = join(cache, await scriptsHash());
  await mkdir(cache, { recursive: true });
  const lock = join(cache, 'lock');
  while (!existsSync(folder)) {
    if (!(await take(lock))) {
      // Another test file makes them.
      await setTimeout(500);
      continue;
    }
    try {
      for (const entry of await readdir(cache)) {
        if (entry !== 'lock') await rm(join(cache, entry), { recursive: true, force: true });
      }
      const partial = `${folder}.partial`;
      await run(await python(), [script, '--out', partial]);
      await rename(partial, folder);
    } finally {
      await rm(lock, { force: true });
    }
  }
  return folder;
}

/** Whether this process now holds the lock; one whose holder is gone is broken for the next try. */
async function take(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    const holder = Number(await readFile(lock, 'utf8').catch(() => ''));
    if (holder > 0 && !isRunning(holder)) await rm(lock, { force: true });
    return false;
  }
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}

async function scriptsHash(): Promise<string> {
  const hash = createHash('sha256');
  const files = globSync(
    ['test/parity/**/*.py', 'models/export/**/*.py', 'models/digits/network.py', 'models/requirements.txt'],
    {
      cwd: root,
    },
  );
  for (const file of files.sort()) hash.update(file).update(await readFile(join(root, file)));
  return hash.digest('hex').slice(0, 16);
}

function run(command: string, args: readonly string[]): Promise<void> {
  const env = { ...process.env, OMP_NUM_THREADS: '1', PYTHONDONTWRITEBYTECODE: '1' };
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 2, 'pipe'], env });
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-4000);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}:\n${errors}`));
    });
  });
}
