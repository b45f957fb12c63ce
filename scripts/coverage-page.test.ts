import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..');
const page = readFileSync(join(ROOT, 'docs', 'coverage.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => /^\|\s*\d/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()));

test('the coverage page has every row once, each with a state and a reason or a proof', () => {
  assert.deepEqual(
    rows.map(([, number]) => Number(number)),
    Array.from({ length: 97 }, (_, i) => i + 1),
  );
  for (const [, number, , , state, proof, result] of rows) {
    assert.match(state ?? '', /^(shown|part|not yet)$/, `row ${number}`);
    assert.notEqual(result, '', `row ${number} has no result`);
    if (state !== 'not yet') assert.match(proof ?? '', /`/, `row ${number} names no proof`);
  }
});

test('the page counts its rows right', () => {
  const count = (wanted: string) => rows.filter(([, , , , state]) => state === wanted).length;
  const told = /(\d+) rows are shown, (\d+) in part, (\d+) are not there yet/.exec(page);
  assert.deepEqual(told?.slice(1).map(Number), [count('shown'), count('part'), count('not yet')]);
});

test('every file and command that it names is there', () => {
  const program = readFileSync(join(ROOT, 'src-main', 'cli', 'program.ts'), 'utf8');
  for (const [, number, , , , proof = '', result = ''] of rows) {
    for (const [, named = ''] of `${proof} ${result}`.matchAll(/`([^`]+)`/g)) {
      const command = /^inbetween (\w+)/.exec(named)?.[1];
      if (command !== undefined) {
        assert.match(program, new RegExp(`/${command}-command\\.ts`), `row ${number}: ${named}`);
      } else if (named.includes('/')) {
        assert.ok(existsSync(join(ROOT, named)), `row ${number}: there is no ${named}`);
      }
    }
  }
});
