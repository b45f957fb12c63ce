import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const requirements = join(root, 'models', 'requirements.txt');

/**
 * A Python interpreter with `models/requirements.txt` installed, made on first use in the project's `.venv` (set
 * INBETWEEN_PYTHON to an interpreter that has them to skip this).
 * @returns absolute path of the interpreter
 */
export async function python(): Promise<string> {
  const given = process.env.INBETWEEN_PYTHON;
  if (given !== undefined && given !== '') return given;
  const venv = join(root, '.venv');
  const interpreter = join(venv, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const wanted = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  const stamp = join(venv, '.inbetween-requirements');
  if (existsSync(interpreter) && existsSync(stamp) && (await readFile(stamp, 'utf8')) === wanted)
    return interpreter;
  console.error('Preparing Python (once; about 1 GB) ...');
  await rm(venv, { recursive: true, force: true });
  const system = process.env.PYTHON ?? 'python3';
  // Debian splits ensurepip off into python3-venv; virtualenv needs nothing but pip.
  if (!(await succeeds(system, ['-m', 'venv', venv]))) {
    await rm(venv, { recursive: true, force: true });
    await run(system, ['-m', 'pip', 'install', '--quiet', '--user', '--break-system-packages', 'virtualenv']);
    await run(system, ['-m', 'virtualenv', '--quiet', venv]);
  }
  await run(interpreter, [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '-r',
    requirements,
  ]);
  await writeFile(stamp, wanted);
  return interpreter;
}

async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  return run(command, args).then(
    () => true,
    () => false,
  );
}

function run(command: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 2, 2] });
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ${args.join(' ')} ended with ${code}`)),
    );
  });
}
