import type { PromptValue } from '../../src-shared/model/channels.ts';
import type { KeyframeEasing } from '../../src-shared/model/document-types.ts';
import type { Easing } from '../../src-shared/model/easing.ts';

/** A prompt as a line of text; a weighted list shows its parts. */
export function textOfPrompt(value: PromptValue | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : value.map(({ text }) => text).join(' + ');
}

/** One curve for all channels of a keyframe, rather than one a channel. */
export function isSingleEasing(easing: KeyframeEasing): easing is Easing {
  return typeof easing === 'string' || Array.isArray(easing);
}
