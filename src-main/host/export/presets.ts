import type { Preset } from '../../../src-shared/contract/preset.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';

export type { Preset };

export const PRESETS: readonly Preset[] = [
  {
    id: 'gif-100ms',
    title: 'GIF, 100 ms a frame',
    description: 'The timing of the interpolation cookbook: 10 pictures a second, for ever.',
    format: 'gif',
    playback: { fps: 10, loop: 0 },
  },
  {
    id: 'gif-200ms',
    title: 'GIF, 200 ms a frame',
    description: 'The timing of the latent-walk laboratory: 5 pictures a second, for ever.',
    format: 'gif',
    playback: { fps: 5, loop: 0 },
  },
  {
    id: 'loop',
    title: 'Loop',
    description: 'A GIF that runs forth and back without a seam and rests a moment at both ends.',
    format: 'gif',
    playback: { loop: 0, pingPong: true, holdFirst: 0.4, holdLast: 0.4 },
  },
  {
    id: 'social-square',
    title: 'Social, square',
    description: 'MP4, 1080 x 1080, plays everywhere.',
    format: 'mp4',
    size: { width: 1080, height: 1080, fit: 'cover', background: 'black' },
    quality: 75,
  },
  {
    id: 'portrait-9x16',
    title: 'Portrait 9:16',
    description: 'MP4, 1080 x 1920, the picture whole on its own colours out of focus.',
    format: 'mp4',
    size: { width: 1080, height: 1920, fit: 'contain', background: 'blur' },
    quality: 75,
  },
  {
    id: 'hd',
    title: 'HD 1080p',
    description: 'MP4, 1920 x 1080, the picture whole on its own colours out of focus.',
    format: 'mp4',
    size: { width: 1920, height: 1080, fit: 'contain', background: 'blur' },
    quality: 80,
  },
  {
    id: 'web',
    title: 'Web',
    description: 'WebM (VP9), small, at the size of the frames.',
    format: 'webm',
    quality: 60,
  },
  {
    id: 'sticker',
    title: 'Animated WebP',
    description: 'WebP for chats and web pages: true colours, a third of a GIF.',
    format: 'webp',
    playback: { loop: 0 },
    quality: 80,
  },
  {
    id: 'archive',
    title: 'High-quality archive',
    description: 'Every frame as PNG, bit for bit as it was rendered.',
    format: 'png',
    quality: 100,
  },
  {
    id: 'contact-sheet',
    title: 'Contact sheet',
    description: 'All frames on one labelled sheet, ten to a row.',
    format: 'grid',
    quality: 90,
    sheet: { columns: 10, gap: 6, labels: true, width: 1600 },
  },
];

/** @throws {AppError} invalid-input listing the presets there are */
export function presetById(id: string, presets: readonly Preset[] = PRESETS): Preset {
  const preset = presets.find((candidate) => candidate.id === id);
  if (preset !== undefined) return preset;
  throw new AppError(
    'invalid-input',
    `There is no preset ${id}; there are ${presets.map((candidate) => candidate.id).join(', ')}.`,
  );
}
