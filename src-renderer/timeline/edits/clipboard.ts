import { z } from 'zod';
import { documentAssets } from '../../../src-shared/model/asset-references.ts';
import { CHANNEL_NAMES, type ChannelName } from '../../../src-shared/model/channels.ts';
import type { Command } from '../../../src-shared/model/commands.ts';
import { easingSchema, frameNumberSchema } from '../../../src-shared/model/document-schema.ts';
import type { ProjectDocument } from '../../../src-shared/model/document-types.ts';
import { easingOf } from '../../../src-shared/model/tracks.ts';
import type { KeyRef } from '../../state/selection.svelte.ts';
import { LAST_FRAME } from './move.ts';

/** What the marker of our text is; anything else on the clipboard is none of ours. */
const FORMAT = 'inbetween-keys/1';

const clipboardSchema = z.object({
  format: z.literal(FORMAT),
  /** File of the project that the keys come from, for its pictures. */
  from: z.string().exactOptional(),
  /** Its frames per second. */
  fps: z.number().positive(),
  /** Frames count from the first key. */
  keys: z
    .array(
      z.object({
        frame: frameNumberSchema,
        channel: z.enum(CHANNEL_NAMES as [ChannelName, ...ChannelName[]]),
        value: z.json(),
        easing: easingSchema.exactOptional(),
      }),
    )
    .min(1),
});
export type CopiedKeys = z.infer<typeof clipboardSchema>;

/** Keys as JSON text for the system's clipboard. */
export function copyText(document: ProjectDocument, keys: readonly KeyRef[], from?: string): string {
  const first = Math.min(...keys.map(({ frame }) => frame));
  const at = new Map(document.keyframes.map((keyframe) => [keyframe.frame, keyframe]));
  const copied = keys.map(({ frame, channel }) => {
    const keyframe = at.get(frame)!;
    const easing = easingOf(keyframe, channel);
    return {
      frame: frame - first,
      channel,
      value: keyframe[channel] as z.infer<ReturnType<typeof z.json>>,
      ...(easing === 'linear' ? {} : { easing: easing as never }),
    };
  });
  const text: CopiedKeys = {
    format: FORMAT,
    ...(from === undefined ? {} : { from }),
    fps: document.fps,
    keys: copied,
  };
  return JSON.stringify(text, null, 1);
}

/** The keys that a text holds; undefined for any other text. */
export function copiedKeys(text: string): CopiedKeys | undefined {
  if (!text.includes(FORMAT)) return undefined;
  try {
    return clipboardSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The pictures that copied keys name, each once. */
export function copiedPictures({ keys }: CopiedKeys): string[] {
  const keyframes = keys.map(({ frame, channel, value }) => ({ frame, [channel]: value }));
  return documentAssets({ keyframes } as unknown as ProjectDocument);
}

/** Copied keys with other names for their pictures; what `names` lacks stays as it is. */
export function withPictures(copied: CopiedKeys, names: Readonly<Record<string, string>>): CopiedKeys {
  const keys = copied.keys.map((key) => {
    const { channel, value } = key;
    if ((channel === 'initImage' || channel === 'mask') && typeof value === 'string') {
      return { ...key, value: names[value] ?? value };
    }
    if (channel !== 'images' || !Array.isArray(value)) return key;
    const images = value.map((image) => {
      const { asset } = image as { asset?: string };
      return asset === undefined ? image : { ...(image as object), asset: names[asset] ?? asset };
    });
    return { ...key, value: images as typeof value };
  });
  return { ...copied, keys };
}

/**
 * Puts copied keys at a frame. Between projects of different rates they keep their seconds. Keys that would lie
 * beyond the longest timeline are left out.
 */
export function pasteCommands(
  copied: CopiedKeys,
  at: number,
  fps: number,
): { readonly commands: Command[]; readonly keys: readonly KeyRef[] } {
  const placed = new Map<string, CopiedKeys['keys'][number]>();
  for (const key of copied.keys) {
    const frame = at + Math.round((key.frame * fps) / copied.fps);
    if (frame <= LAST_FRAME) placed.set(`${frame} ${key.channel}`, { ...key, frame });
  }
  const keys = [...placed.values()];
  return {
    commands: keys.length === 0 ? [] : [{ type: 'putKeys', keys }],
    keys: keys.map(({ frame, channel }) => ({ frame, channel })),
  };
}
