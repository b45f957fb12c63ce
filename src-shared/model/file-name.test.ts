import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileName } from './file-name.ts';

test('a project name becomes a file name that every system takes', () => {
  assert.equal(fileName('Red cat to blue dog'), 'Red cat to blue dog');
  assert.equal(fileName('Cat: a "morph"?'), 'Cat a morph');
  assert.equal(fileName('../../etc/passwd'), 'etc passwd');
  assert.equal(fileName('ночь → день'), 'ночь → день');
});

test('names that say nothing, or that Windows keeps, get the product’s', () => {
  for (const name of ['', '  ', '...', 'NUL', 'com1']) assert.equal(fileName(name), 'Inbetween');
});

test('long names are cut between characters', () => {
  assert.equal(fileName('🐈'.repeat(200)), '🐈'.repeat(80));
  assert.equal(fileName(`${'a'.repeat(79)} b`), 'a'.repeat(79));
});
