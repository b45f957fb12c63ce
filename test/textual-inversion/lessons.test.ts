import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { python } from '../../scripts/python-env.ts';

test('words are learned as the document has it: lessons.py', async (t) => {
  const env = { ...process.env, OMP_NUM_THREADS: '1', PYTHONDONTWRITEBYTECODE: '1' };
  const script = join(import.meta.dirname, 'lessons.py');
  const { stderr } = await promisify(execFile)(await python(), [script], { env });
  for (const line of stderr.split('\n')) if (/\.\.\. \w+$|^Ran /.test(line)) t.diagnostic(line);
});
