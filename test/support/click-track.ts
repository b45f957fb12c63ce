/** A 16-bit mono WAV file: silence with a short click at each of the given seconds. */
export function clickTrack(times: readonly number[], seconds: number, rate = 44_100): Buffer {
  const samples = new Int16Array(Math.round(rate * seconds));
  for (const time of times) {
    const middle = Math.round(time * rate);
    for (let i = -30; i < 30; i++) {
      if (middle + i >= 0) samples[middle + i] = Math.round(16_000 * Math.exp(-((i / 9) ** 2)));
    }
  }
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + samples.byteLength, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(samples.byteLength, 40);
  return Buffer.concat([head, Buffer.from(samples.buffer)]);
}
