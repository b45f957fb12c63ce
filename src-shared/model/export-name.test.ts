import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportName, NAME_FIELDS, type NamedExport, namePatternProblem } from './export-name.ts';

const NAMED: NamedExport = {
  project: 'Red cat',
  format: 'gif',
  width: 512,
  height: 384,
  fps: 12,
  range: { from: 3, to: 10 },
};
const NOW = new Date(2026, 0, 5, 7, 8, 9);

test('exports are named by their project, by what they are, and by the time', () => {
  assert.equal(exportName('{project}', NAMED, NOW), 'Red cat');
  assert.equal(exportName('{project} {date} {time}', NAMED, NOW), 'Red cat 2026-01-05 07-08-09');
  assert.equal(
    exportName('{size}_{frames}_{range}_{fps}_{format}_{preset}', NAMED, NOW),
    '512x384_8_3-10_12_gif_as-it-is',
  );
  assert.equal(exportName('{preset}', { ...NAMED, preset: 'loop' }, NOW), 'loop');
  assert.equal(exportName(' ', NAMED, NOW), 'Red cat');
});

test('the name is one that every system takes, whatever the project is called', () => {
  assert.equal(exportName('{project}', { ...NAMED, project: '../../etc/passwd' }, NOW), 'etc passwd');
  assert.equal(exportName('a/b: {project}', NAMED, NOW), 'a b Red cat');
});

test('a project whose name looks like a field keeps it', () => {
  assert.equal(exportName('{project}', { ...NAMED, project: '{date}' }, NOW), '{date}');
});

test('what names do not know is refused with what they know', () => {
  const all = Object.keys(NAME_FIELDS).map((field) => `{${field}}`);
  for (const [pattern, wrong] of [
    ['{hour}', '{hour}'],
    ['{project} {}', '{}'],
    ['{toString}', '{toString}'],
    ['{date', '"{date"'],
    ['date}', '"date}"'],
  ] as const) {
    const problem = namePatternProblem(pattern);
    assert.ok(problem.includes(wrong), problem);
    for (const field of all) assert.ok(problem.includes(field), problem);
    assert.throws(() => exportName(pattern, NAMED, NOW), { code: 'invalid-input', message: problem });
  }
  assert.equal(namePatternProblem(all.join(' ')), '');
});
