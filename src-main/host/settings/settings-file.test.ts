import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { openSettings } from './settings-file.ts';

function place(context: TestContext, content?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'inbetween-settings-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'settings.json');
  if (content !== undefined) writeFileSync(path, content);
  return path;
}

describe('settings', () => {
  test('are kept, and what is not set has its default', (context) => {
    const path = place(context);
    const first = openSettings(path);
    assert.equal(first.problem, null);
    first.set({ threads: 3 });
    const second = openSettings(path);
    assert.equal(second.value.threads, 3);
    assert.equal(second.value.provider, 'auto');
  });

  test('a file that cannot be understood is told and, when new settings are kept, moved aside', (context) => {
    for (const content of [
      '{ broken',
      '[]',
      '{"version":1,"threads":"many"}',
      '{"version":1,"colour":"red"}',
    ]) {
      const path = place(context, content);
      const settings = openSettings(path);
      assert.match(settings.problem ?? '', /cannot be understood, so defaults are used/);
      assert.equal(settings.value.threads, null);
      assert.equal(readFileSync(path, 'utf8'), content);
      settings.set({ provider: 'cpu' });
      assert.equal(settings.problem, null);
      assert.equal(readFileSync(`${path}.damaged-1`, 'utf8'), content);
      assert.equal(openSettings(path).value.provider, 'cpu');
    }
  });

  test('a file of a newer version stays as it is, whatever is set', (context) => {
    const content = '{"version":7,"flux":true}';
    const path = place(context, content);
    const settings = openSettings(path);
    assert.match(settings.problem ?? '', /newer Inbetween \(version 7/);
    assert.throws(() => settings.set({ threads: 2 }), { code: 'project-newer' });
    assert.equal(readFileSync(path, 'utf8'), content);
    assert.deepEqual(readdirSync(join(path, '..')), ['settings.json']);
  });
});
