import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACTIONS } from './actions.ts';
import { actionFor, combination, keysOf, shownKeys } from './keymap.ts';

const press = (code: string, held: readonly string[] = []) => ({
  code,
  ctrlKey: held.includes('ctrl'),
  metaKey: held.includes('meta'),
  shiftKey: held.includes('shift'),
  altKey: held.includes('alt'),
});

test('no two actions share a key', () => {
  const all = ACTIONS.flatMap((action) => keysOf(action, {}));
  assert.deepEqual(
    all.filter((keys, i) => all.indexOf(keys) !== i),
    [],
  );
});

test('Ctrl and Command are one modifier', () => {
  assert.equal(combination(press('KeyZ', ['ctrl', 'shift'])), 'Mod+Shift+Z');
  assert.equal(combination(press('KeyZ', ['meta'])), 'Mod+Z');
});

test('a key finds its action by its place on the keyboard', () => {
  assert.equal(actionFor(press('Space'), ACTIONS, {})?.id, 'play.toggle');
  assert.equal(actionFor(press('KeyJ'), ACTIONS, {})?.id, 'play.reverse');
  assert.equal(actionFor(press('KeyJ', ['alt']), ACTIONS, {}), undefined);
});

test('a rebound action leaves its default key', () => {
  const rebound = { 'play.toggle': ['P'] };
  assert.equal(actionFor(press('KeyP'), ACTIONS, rebound)?.id, 'play.toggle');
  assert.equal(actionFor(press('Space'), ACTIONS, rebound), undefined);
});

test('keys are shown as the platform writes them', () => {
  assert.equal(shownKeys('Mod+Shift+Z', false), 'Ctrl+Shift+Z');
  assert.equal(shownKeys('Mod+Shift+Z', true), '⌘⇧Z');
  assert.equal(shownKeys('Alt+ArrowLeft', false), 'Alt+←');
});
