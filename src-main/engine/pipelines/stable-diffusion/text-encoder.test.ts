import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TINY_SD, tinySd, variant } from '../../../../test/support/model-folder.ts';
import { openFolder } from '../../../../test/support/ort-session.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { TextEncoderDescription } from './description.ts';
import { type EncodedRow, openTextEncoder, type TextReading } from './text-encoder.ts';

const ENCODER = tinySd().encoders[0]!;
const masked = () => openFolder(TINY_SD, { text_encoder: variant('text-encoder-masked') });
const withText = (changes: Partial<TextEncoderDescription>): TextEncoderDescription => ({
  ...ENCODER,
  ...changes,
});
const skip = (clipSkip: number): TextReading => ({ clipSkip, penultimate: false });
const states = (encoded: EncodedRow): Tensor => encoded.states;
const ROW = { ids: [100, 200, 300], attentionMask: [1, 1, 0] };

test('the attention mask is fed only to encoders that were trained with one', async () => {
  const plain = states(await (await openTextEncoder(masked(), ENCODER, 77, skip(0))).encode(ROW));
  assert.deepEqual(plain.dims, [1, 3, 8]);
  assert.deepEqual(
    [0, 8, 16].map((i) => plain.data[i]),
    [1, 2, 3],
  );
  const model = withText({ useAttentionMask: true });
  const hidden = states(await (await openTextEncoder(masked(), model, 77, skip(0))).encode(ROW));
  assert.deepEqual(
    [0, 8, 16].map((i) => hidden.data[i]),
    [1, 2, 0],
  );
});

test('clip skip takes the earlier state after the final layer norm', async () => {
  const encoder = await openTextEncoder(masked(), withText({ layers: 3 }), 77, skip(1));
  assert.equal((await encoder.encode(ROW)).states.data[0], -3);
});

test('a clip skip that is not exported, or not with the layer norm, is refused and says why', async () => {
  const three = withText({ layers: 3 });
  await assert.rejects(
    openTextEncoder(masked(), three, 77, skip(2)),
    /hidden_states\.1 without the final layer norm/,
  );
  await assert.rejects(openTextEncoder(openFolder(TINY_SD), three, 77, skip(1)), /last hidden state only/);
  await assert.rejects(openTextEncoder(masked(), three, 77, skip(3)), /Accepted: 0 to 2/);
});

test('the context length is the session’s, else the smaller of tokenizer and config', async () => {
  assert.equal((await openTextEncoder(openFolder(TINY_SD), ENCODER, 50, skip(0))).contextLength, 77);
  assert.equal(
    (await openTextEncoder(masked(), withText({ contextLength: 24 }), 77, skip(0))).contextLength,
    24,
  );
});

test('ids beyond the vocabulary are refused by name', async () => {
  const encoder = await openTextEncoder(openFolder(TINY_SD), ENCODER, 77, skip(0));
  const ids = new Array<number>(77).fill(514);
  await assert.rejects(encoder.encode({ ids, attentionMask: ids }), /token id 514.*0 to 513/);
});
