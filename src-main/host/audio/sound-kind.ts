interface Kind {
  readonly mediaType: string;
  readonly starts: readonly number[];
  /** Where the bytes lie. */
  readonly at?: number;
}

const ascii = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));

const KINDS: readonly Kind[] = [
  { mediaType: 'audio/wav', starts: ascii('WAVE'), at: 8 },
  { mediaType: 'audio/flac', starts: ascii('fLaC') },
  { mediaType: 'audio/ogg', starts: ascii('OggS') },
  { mediaType: 'audio/mpeg', starts: ascii('ID3') },
  { mediaType: 'audio/mp4', starts: ascii('ftyp'), at: 4 },
  { mediaType: 'audio/aiff', starts: ascii('FORM') },
  { mediaType: 'audio/webm', starts: [0x1a, 0x45, 0xdf, 0xa3] },
];

/** What kind of sound file bytes are, by their content; undefined for anything else. */
export function soundType(bytes: Uint8Array): string | undefined {
  const kind = KINDS.find(({ starts, at = 0 }) => starts.every((byte, i) => bytes[at + i] === byte));
  if (kind !== undefined) return kind.mediaType;
  // MPEG audio without a tag: eleven bits of sync, then a layer that is not reserved.
  const isMpeg = bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xe0) === 0xe0 && ((bytes[1] ?? 0) & 0x06) !== 0;
  return isMpeg && bytes[1] !== 0xff ? 'audio/mpeg' : undefined;
}

export const SOUND_KINDS = 'WAV, MP3, FLAC, OGG, M4A, AIFF and WebM';
