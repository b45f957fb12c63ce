import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Openings } from './openings.ts';

test('a project that is opened takes the place of the one that shows, which is closed', () => {
  const openings = new Openings();
  assert.deepEqual(openings.end(openings.begin(), 'p1', null), { shows: true, close: [] });
  assert.deepEqual(openings.end(openings.begin(), 'p2', 'p1'), { shows: true, close: ['p1'] });
  assert.deepEqual(openings.end(openings.begin(), null, 'p2'), { shows: false, close: [] });
});

test('of two that are asked for the later one shows, in whatever order they come', () => {
  for (const comesFirst of ['p2', 'p3']) {
    const openings = new Openings();
    const turns = { p2: openings.begin(), p3: openings.begin() };
    const closed: string[] = [];
    let shown = 'p1';
    for (const id of comesFirst === 'p2' ? (['p2', 'p3'] as const) : (['p3', 'p2'] as const)) {
      const { shows, close } = openings.end(turns[id], id, shown);
      if (shows) shown = id;
      closed.push(...close);
    }
    assert.equal(shown, 'p3');
    assert.deepEqual(closed.toSorted(), ['p1', 'p2']);
  }
});

test('a project that is asked for twice stays open', () => {
  const openings = new Openings();
  const [first, second] = [openings.begin(), openings.begin()];
  assert.deepEqual(openings.end(first, 'p2', 'p1'), { shows: false, close: [] });
  assert.deepEqual(openings.end(second, 'p2', 'p1'), { shows: true, close: ['p1'] });
});

test('where the last cannot be opened the one that shows stays, and those before are closed', () => {
  const openings = new Openings();
  const [first, second] = [openings.begin(), openings.begin()];
  assert.deepEqual(openings.end(first, 'p2', 'p1'), { shows: false, close: [] });
  assert.deepEqual(openings.end(second, null, 'p1'), { shows: false, close: ['p2'] });
});
