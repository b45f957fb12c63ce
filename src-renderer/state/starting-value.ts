import { CHANNEL_DEFAULTS, type ChannelName } from '../../src-shared/model/channels.ts';
import type { ProjectDocument } from '../../src-shared/model/document-types.ts';

/** What a channel has while no key sets it; undefined where only a picture would do. */
export function startingValue(channel: ChannelName, document: ProjectDocument): unknown {
  switch (channel) {
    case 'prompt':
      return '';
    case 'guidanceScale':
      return document.sampler?.guidanceScale ?? 5;
    case 'steps':
      return document.sampler?.steps ?? 15;
    case 'images':
    case 'initImage':
    case 'mask':
      return undefined;
    default:
      return CHANNEL_DEFAULTS[channel];
  }
}
