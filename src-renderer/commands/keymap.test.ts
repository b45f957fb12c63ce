import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACTIONS } from './actions.ts';
import { KEY_MAP_NAMES, KEY_MAPS } from './key-maps.ts';
import { actionFor, belongsToField, combination, keysOf, shownKeys } from './keymap.ts';
import { conflicts, keyMapText, readKeyMapText, rebound, reset } from './rebind.ts';

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

test('a field keeps what writes and edits text, and leaves commands to the window', () => {
  const own = [
    press('KeyE'),
    press('Space'),
    press('KeyE', ['ctrl', 'alt']),
    press('KeyZ', ['ctrl', 'shift']),
  ];
  for (const one of [...own, press('KeyV', ['meta'])]) assert.ok(belongsToField(one), combination(one));
  for (const one of [press('KeyO', ['ctrl']), press('KeyE', ['meta'])]) {
    assert.ok(!belongsToField(one), combination(one));
  }
});

test('a rebound action leaves its default key', () => {
  const rebound = { 'play.toggle': ['P'] };
  assert.equal(actionFor(press('KeyP'), ACTIONS, rebound)?.id, 'play.toggle');
  assert.equal(actionFor(press('Space'), ACTIONS, rebound), undefined);
});

for (const name of KEY_MAP_NAMES) {
  test(`the key map ${name} names real actions and gives no combination to two`, () => {
    const ids = new Set(ACTIONS.map(({ id }) => id));
    assert.deepEqual(
      Object.keys(KEY_MAPS[name]).filter((id) => !ids.has(id)),
      [],
    );
    const clashes = [...conflicts(ACTIONS, KEY_MAPS[name])].map(
      ([keys, users]) => `${keys}: ${users.map(({ id }) => id).join(', ')}`,
    );
    assert.deepEqual(clashes, []);
  });
}

test('a combination that is taken over leaves the action that had it', () => {
  const own = rebound(ACTIONS, {}, 'default', 'marker.add', 'Space', 'M');
  assert.deepEqual(own, { 'marker.add': ['Space'], 'play.toggle': [] });
  assert.equal(actionFor(press('Space'), ACTIONS, own)?.id, 'marker.add');
  assert.deepEqual(reset(own, 'marker.add'), { 'play.toggle': [] });
});

test('bindings go to another machine as a file; another file is refused', () => {
  const own = { 'play.toggle': ['P'] };
  assert.deepEqual(readKeyMapText(keyMapText('blender', own)), { keyMap: 'blender', keys: own });
  assert.throws(() => readKeyMapText('{"format":"inbetween/1"}'), /no key map/);
  assert.throws(() => readKeyMapText('keys'), /not JSON/);
});

test('keys are shown as the platform writes them', () => {
  assert.equal(shownKeys('Mod+Shift+Z', false), 'Ctrl+Shift+Z');
  assert.equal(shownKeys('Mod+Shift+Z', true), '⌘⇧Z');
  assert.equal(shownKeys('Alt+ArrowLeft', false), 'Alt+←');
});
