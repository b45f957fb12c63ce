import type { ChannelName, PromptValue, SeedValue, WeightedImage } from '../../src-shared/model/channels.ts';

/** A prompt as a line of text; a weighted list shows its parts. */
export function textOfPrompt(value: PromptValue | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : value.map(({ text }) => text).join(' + ');
}

/** The value of any channel as a short text. */
export function textOfValue(channel: ChannelName, value: unknown): string {
  if (value === undefined) return '';
  switch (channel) {
    case 'prompt':
    case 'negativePrompt':
      return textOfPrompt(value as PromptValue);
    case 'seed': {
      const seed = value as SeedValue;
      return typeof seed === 'number' ? String(seed) : `${seed.length} seeds, mixed`;
    }
    case 'images': {
      const count = (value as readonly WeightedImage[]).length;
      return count === 1 ? '1 picture' : `${count} pictures`;
    }
    case 'initImage':
    case 'mask':
      return value === null ? 'none' : 'a picture';
    default:
      return String(value);
  }
}
