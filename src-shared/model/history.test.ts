import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AppError } from '../kernel/errors.ts';
import { applyCommand, type Command } from './commands.ts';
import { applyDiff, diffDocuments, reverseDiff } from './diff.ts';
import { CONTEXT, commandArbitrary, documentArbitrary, walk } from '../../test/support/documents.ts';
import { type EditState, EMPTY_HISTORY, parseHistory, record, redo, undo } from './history.ts';
import { changedFrames } from './plan.ts';

const start = (document = walk(4)): EditState => ({ document, history: EMPTY_HISTORY });
const edit = (state: EditState, command: Command): EditState =>
  record(state, applyCommand(state.document, command));
const commands = fc.array(commandArbitrary, { maxLength: 12 });

/** Commands that do not fit are refused and change nothing. */
function editAll(state: EditState, list: readonly Command[]): EditState {
  return list.reduce((current, command) => {
    try {
      return edit(current, command);
    } catch (error) {
      assert.ok(error instanceof AppError, String(error));
      return current;
    }
  }, state);
}

test('undoing every step gives the document back, redoing every step the edited one', () => {
  fc.assert(
    fc.property(documentArbitrary, commands, (document, list) => {
      const edited = editAll(start(document), list);
      let state = edited;
      while (state.history.undo.length > 0) state = undo(state);
      assert.deepEqual(state.document, document);
      assert.deepEqual(changedFrames(document, state.document, CONTEXT), []);
      while (state.history.redo.length > 0) state = redo(state);
      assert.deepEqual(state.document, edited.document);
      assert.deepEqual(state.history, edited.history);
    }),
    { numRuns: 60 },
  );
});

test('diffs turn round', () => {
  fc.assert(
    fc.property(documentArbitrary, documentArbitrary, (a, b) => {
      const ab = diffDocuments(a, b);
      assert.deepEqual(applyDiff(a, ab), b);
      assert.deepEqual(applyDiff(b, reverseDiff(ab)), a);
    }),
    { numRuns: 60 },
  );
});

test('undo changes no frame: the keys are those of before the edit', () => {
  const state = start();
  const edited = edit(state, { type: 'setChannel', frame: 10, channel: 'prompt', value: 'ship' });
  assert.equal(changedFrames(state.document, edited.document, CONTEXT).length, 19);
  assert.deepEqual(changedFrames(state.document, undo(edited).document, CONTEXT), []);
});

test('a command that changes nothing is no step, and a new step ends what could be redone', () => {
  const state = start();
  assert.equal(edit(state, { type: 'moveKeyframes', frames: [10], by: 0 }), state);
  const undone = undo(edit(state, { type: 'retime', fps: 24 }));
  assert.equal(undone.history.redo.length, 1);
  assert.equal(edit(undone, { type: 'setSettings', settings: { name: 'x' } }).history.redo.length, 0);
  assert.equal(undo(state), state);
  assert.equal(redo(state), state);
});

test('the history is data: it survives JSON, and a damaged one is refused', () => {
  const state = edit(edit(start(), { type: 'retime', fps: 24 }), {
    type: 'setSettings',
    settings: { name: 'x' },
  });
  const history = parseHistory(JSON.parse(JSON.stringify(state.history)));
  assert.deepEqual(undo(undo({ document: state.document, history })).document, walk(4));
  assert.throws(
    () => parseHistory({ version: 1, undo: 3 }),
    (error) => error instanceof AppError && error.code === 'invalid-document',
  );
});

test('a diff that does not fit is refused', () => {
  const { history } = edit(start(), { type: 'setSettings', settings: { name: 'x' } });
  assert.throws(() => undo({ document: { ...walk(4), name: 'y' }, history }), /does not fit/);
});
