import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RgbImage } from '../engine/ports.ts';
import { fittedPictures } from './fitted-pictures.ts';

/** Pictures of 300 bytes that note when they are made. */
function counted(maxBytes: number): { get: (key: string) => Promise<RgbImage>; made: string[] } {
  const made: string[] = [];
  const pictures = fittedPictures(maxBytes);
  const get = (key: string): Promise<RgbImage> =>
    pictures(key, async () => {
      made.push(key);
      return { width: 10, height: 10, data: new Uint8Array(300) };
    });
  return { get, made };
}

test('a picture is made once, also while it is being made', async () => {
  const { get, made } = counted(1000);
  await Promise.all([get('a'), get('a')]);
  await get('a');
  assert.deepEqual(made, ['a']);
});

test('the pictures that were not asked for the longest go', async () => {
  const { get, made } = counted(700);
  await get('a');
  await get('b');
  await get('a');
  await get('c');
  await get('a');
  await get('b');
  assert.deepEqual(made, ['a', 'b', 'c', 'b']);
});

test('a picture larger than all that is allowed is still kept until the next one', async () => {
  const { get, made } = counted(100);
  await get('a');
  await get('a');
  await get('b');
  await get('a');
  assert.deepEqual(made, ['a', 'b', 'a']);
});

test('a picture that could not be made is made when it is asked for again', async () => {
  const pictures = fittedPictures();
  await assert.rejects(
    pictures('a', () => Promise.reject(new Error('no file'))),
    /no file/,
  );
  const image = { width: 1, height: 1, data: new Uint8Array(3) };
  assert.equal(await pictures('a', async () => image), image);
});
