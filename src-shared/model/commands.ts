import { z } from 'zod';
import { AppError } from '../kernel/errors.ts';
import { CHANNEL_NAMES, CHANNELS, type ChannelName } from './channels.ts';
import { parseChange } from './document.ts';
import {
  channelValuesSchema,
  easingSchema,
  fpsSchema,
  frameNumberSchema,
  gridSchema,
  keyframeEasingSchema,
  LIMITS,
  settingsSchemas,
} from './document-schema.ts';
import type { Keyframe, KeyframeEasing, ProjectDocument } from './document-types.ts';
import { describeIssues } from './parse-errors.ts';
import { placeKeys } from './place-keys.ts';
import { putKeys, removeKeys } from './put-keys.ts';
import { retime } from './retime.ts';

const channelName = z.enum(CHANNEL_NAMES as [ChannelName, ...ChannelName[]]);
const frames = z.array(frameNumberSchema, { error: 'a list of frame numbers' });
const span = z
  .int({ error: `a whole number of frames from 1 to ${LIMITS.frames}` })
  .min(1, { error: `a whole number of frames from 1 to ${LIMITS.frames}` })
  .max(LIMITS.frames, { error: `a whole number of frames from 1 to ${LIMITS.frames}` });
const { grid: _grid, ...settings } = settingsSchemas;

/** The settings that {@link Command} `setSettings` takes; null removes one that is optional. */
const settingsPatchSchema = z.strictObject({
  name: settings.name.exactOptional(),
  model: settings.model.exactOptional(),
  fps: settings.fps.exactOptional(),
  notes: settings.notes.nullable().exactOptional(),
  size: settings.size.nullable().exactOptional(),
  length: settings.length.nullable().exactOptional(),
  sampler: settings.sampler.nullable().exactOptional(),
  longPrompts: settings.longPrompts.nullable().exactOptional(),
  noise: settings.noise.nullable().exactOptional(),
  interpolation: settings.interpolation.nullable().exactOptional(),
  export: settings.export.nullable().exactOptional(),
  markers: settings.markers.nullable().exactOptional(),
  range: settings.range.nullable().exactOptional(),
  beats: settings.beats.nullable().exactOptional(),
  audio: settings.audio.nullable().exactOptional(),
  draft: settings.draft.nullable().exactOptional(),
  takes: settings.takes.nullable().exactOptional(),
  pins: settings.pins.nullable().exactOptional(),
  flags: settings.flags.nullable().exactOptional(),
});

/**
 * Every change that an artist can make to a document, as data:
 * - `addKeyframe`: sets the given channels at a frame, on a new keyframe or on the one that is there;
 * - `moveKeyframes`: by a number of frames, cut at the ends of what is accepted; a channel that another keyframe
 *   has at the new place gives way to the moved one;
 * - `placeKeys`: moves or copies single channels with their easing, all at once; `putKeys` sets them to given values,
 *   `removeKeys` takes them out;
 * - `removeKeyframes`; `setChannel`, `clearChannel` (a keyframe that then sets nothing goes); `setEasing` (null =
 *   linear; with `channel` only for that one);
 * - `setSettings`: changes fps without moving keyframes, where `retime` keeps them at their second;
 * - `setGrid` (null removes it); `rippleInsert`: later keyframes, from `at` on, and the length move on;
 *   `rippleDelete`: the frames from `at` on go, with their keyframes, and later ones move up.
 */
export const commandSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('addKeyframe'),
    frame: frameNumberSchema,
    channels: channelValuesSchema.exactOptional(),
    easing: keyframeEasingSchema.exactOptional(),
  }),
  z.strictObject({ type: z.literal('moveKeyframes'), frames, by: z.int() }),
  z.strictObject({ type: z.literal('removeKeyframes'), frames }),
  z.strictObject({
    type: z.literal('placeKeys'),
    moves: z.array(z.strictObject({ frame: frameNumberSchema, channel: channelName, to: frameNumberSchema })),
    copy: z.boolean().exactOptional(),
  }),
  z.strictObject({
    type: z.literal('putKeys'),
    keys: z.array(
      z.strictObject({
        frame: frameNumberSchema,
        channel: channelName,
        value: z.json(),
        easing: easingSchema.exactOptional(),
      }),
    ),
  }),
  z.strictObject({
    type: z.literal('removeKeys'),
    keys: z.array(z.strictObject({ frame: frameNumberSchema, channel: channelName })),
  }),
  z.strictObject({
    type: z.literal('setChannel'),
    frame: frameNumberSchema,
    channel: channelName,
    value: z.json(),
  }),
  z.strictObject({ type: z.literal('clearChannel'), frame: frameNumberSchema, channel: channelName }),
  z.strictObject({
    type: z.literal('setEasing'),
    frame: frameNumberSchema,
    easing: keyframeEasingSchema.nullable(),
    channel: channelName.exactOptional(),
  }),
  z.strictObject({ type: z.literal('setSettings'), settings: settingsPatchSchema }),
  z.strictObject({ type: z.literal('setGrid'), grid: gridSchema.nullable() }),
  z.strictObject({ type: z.literal('retime'), fps: fpsSchema }),
  z.strictObject({ type: z.literal('rippleInsert'), at: frameNumberSchema, frames: span }),
  z.strictObject({ type: z.literal('rippleDelete'), at: frameNumberSchema, frames: span }),
]);
export type Command = z.infer<typeof commandSchema>;

/** What a command did. */
export interface DocumentChange {
  readonly document: ProjectDocument;
  /** For the undo menu: "Move 3 keyframes". */
  readonly label: string;
}

/**
 * Checks a command that came from outside.
 * @throws AppError `invalid-input`.
 */
export function parseCommand(json: unknown): Command {
  const result = commandSchema.safeParse(json);
  if (result.success) return result.data;
  const message = describeIssues(commandSchema, json, result.error.issues).replace(
    /^The document/,
    'The command',
  );
  throw new AppError('invalid-input', message);
}

/**
 * Makes the change on a copy; the given document stays as it is, and keyframes that do not change are the same objects
 * in both.
 * @throws AppError `invalid-document`: the changed document would not be accepted (the message says where and why).
 * @throws AppError `not-found`: no keyframe where the command names one.
 */
export function applyCommand(document: ProjectDocument, command: Command): DocumentChange {
  return { document: parseChange(document, change(document, command)), label: labelOf(command) };
}

function change(document: ProjectDocument, command: Command): ProjectDocument {
  switch (command.type) {
    case 'addKeyframe':
      return withKeyframe(document, {
        ...keyframeAt(document, command.frame),
        ...command.channels,
        frame: command.frame,
        ...(command.easing === undefined ? {} : { easing: command.easing }),
      });
    case 'moveKeyframes':
      return moveKeyframes(document, command.frames, command.by);
    case 'placeKeys':
      return placeKeys(document, command.moves, command.copy ?? false);
    case 'putKeys':
      return putKeys(document, command.keys);
    case 'removeKeys':
      return removeKeys(document, command.keys);
    case 'removeKeyframes': {
      for (const frame of command.frames) requireKeyframe(document, frame);
      const gone = new Set(command.frames);
      return { ...document, keyframes: document.keyframes.filter(({ frame }) => !gone.has(frame)) };
    }
    case 'setChannel':
      return withKeyframe(document, {
        ...keyframeAt(document, command.frame),
        frame: command.frame,
        [command.channel]: command.value,
      });
    case 'clearChannel':
      return clearChannel(document, command.frame, command.channel);
    case 'setEasing': {
      const { easing: before, ...keyframe } = requireKeyframe(document, command.frame);
      const easing = command.channel
        ? easingWith(keyframe, before, command.channel, command.easing as KeyframeEasing | null)
        : command.easing;
      return withKeyframe(document, easing === null ? keyframe : { ...keyframe, easing });
    }
    case 'setSettings': {
      const kept = Object.entries({ ...document, ...command.settings }).filter(([, value]) => value !== null);
      return Object.fromEntries(kept) as unknown as ProjectDocument;
    }
    case 'setGrid': {
      const { grid: _before, ...rest } = document;
      return command.grid === null ? rest : { ...rest, grid: command.grid };
    }
    case 'retime':
      return retime(document, command.fps);
    case 'rippleInsert':
      return {
        ...withLength(document, (document.length ?? 0) + command.frames),
        ...along(document, (frame) => (frame < command.at ? frame : frame + command.frames)),
        keyframes: document.keyframes.map((keyframe) =>
          keyframe.frame < command.at ? keyframe : { ...keyframe, frame: keyframe.frame + command.frames },
        ),
      };
    case 'rippleDelete':
      return rippleDelete(document, command.at, command.frames);
  }
}

function keyframeAt(document: ProjectDocument, frame: number): Keyframe | undefined {
  return document.keyframes.find((keyframe) => keyframe.frame === frame);
}

function requireKeyframe(document: ProjectDocument, frame: number): Keyframe {
  const keyframe = keyframeAt(document, frame);
  if (keyframe !== undefined) return keyframe;
  const known = document.keyframes.map((other) => other.frame);
  const list = known.length > 12 ? `${known.slice(0, 12).join(', ')}, …` : known.join(', ');
  throw new AppError(
    'not-found',
    `There is no keyframe at frame ${frame}; there are keyframes at ${list || 'none'}.`,
  );
}

function withKeyframe(document: ProjectDocument, keyframe: Keyframe): ProjectDocument {
  const others = document.keyframes.filter(({ frame }) => frame !== keyframe.frame);
  return { ...document, keyframes: [...others, keyframe] };
}

/** The explicit length changed; a length that follows from the keyframes goes on doing so. */
function withLength(document: ProjectDocument, length: number): ProjectDocument {
  return document.length === undefined ? document : { ...document, length };
}

function moveKeyframes(document: ProjectDocument, selected: readonly number[], by: number): ProjectDocument {
  if (selected.length === 0) return document;
  const moving = [...new Set(selected)].map((frame) => requireKeyframe(document, frame));
  const numbers = moving.map(({ frame }) => frame);
  const shift = Math.min(Math.max(by, -Math.min(...numbers)), LIMITS.frames - 1 - Math.max(...numbers));
  if (shift === 0) return document;
  const staying = new Map(
    document.keyframes
      .filter(({ frame }) => !numbers.includes(frame))
      .map((keyframe) => [keyframe.frame, keyframe]),
  );
  for (const keyframe of moving) {
    const frame = keyframe.frame + shift;
    staying.set(frame, { ...staying.get(frame), ...keyframe, frame });
  }
  return { ...document, keyframes: [...staying.values()] };
}

function clearChannel(document: ProjectDocument, frame: number, channel: ChannelName): ProjectDocument {
  const { [channel]: _cleared, ...rest } = requireKeyframe(document, frame);
  const keyframe: Keyframe = rest;
  if (CHANNEL_NAMES.some((name) => keyframe[name] !== undefined)) return withKeyframe(document, keyframe);
  return { ...document, keyframes: document.keyframes.filter((other) => other.frame !== frame) };
}

/** The easing of a keyframe with one channel's curve replaced; null where all are linear. */
function easingWith(
  keyframe: Keyframe,
  before: KeyframeEasing | undefined,
  channel: ChannelName,
  easing: KeyframeEasing | null,
): KeyframeEasing | null {
  const single = typeof before === 'string' || Array.isArray(before);
  const curves: Record<string, unknown> = single
    ? Object.fromEntries(
        CHANNEL_NAMES.filter((name) => keyframe[name] !== undefined).map((name) => [name, before]),
      )
    : { ...before };
  if (easing === null) delete curves[channel];
  else curves[channel] = easing;
  return Object.keys(curves).length === 0 ? null : (curves as KeyframeEasing);
}

/** Markers, takes, pins, flags and the loop range with their frames renumbered. */
function along(document: ProjectDocument, to: (frame: number) => number): Partial<ProjectDocument> {
  const { markers, takes, pins, flags, range } = document;
  return {
    ...(markers && { markers: markers.map((marker) => ({ ...marker, frame: to(marker.frame) })) }),
    ...(takes && { takes: takes.map((take) => ({ ...take, frame: to(take.frame) })) }),
    ...(pins && { pins: pins.map((pin) => ({ ...pin, frame: to(pin.frame) })) }),
    ...(flags && { flags: flags.map((flag) => ({ ...flag, frame: to(flag.frame) })) }),
    ...(range && { range: { from: to(range.from), to: to(range.to) } }),
  };
}

function rippleDelete(document: ProjectDocument, at: number, count: number): ProjectDocument {
  const { length } = document;
  const cut = length === undefined ? 0 : Math.max(0, Math.min(count, length - at));
  const { markers, takes, pins, flags, range, ...rest } = document;
  const stays = ({ frame }: { frame: number }) => frame < at || frame >= at + count;
  const start = (frame: number) => (frame < at ? frame : Math.max(at, frame - count));
  const from = range && start(range.from);
  // What follows the last frame of the range, moved up, less one: so a range that is cut at its end ends before it.
  const to = range && start(range.to + 1) - 1;
  const kept = {
    ...rest,
    ...(markers && { markers: markers.filter(stays) }),
    ...(takes && { takes: takes.filter(stays) }),
    ...(pins && { pins: pins.filter(stays) }),
    ...(flags && { flags: flags.filter(stays) }),
    ...(from !== undefined && to !== undefined && from <= to ? { range: { from, to } } : {}),
  };
  const { range: _range, ...renumbered } = along(kept, start);
  return {
    ...withLength(kept, (length ?? 0) - cut),
    ...renumbered,
    keyframes: document.keyframes
      .filter(({ frame }) => frame < at || frame >= at + count)
      .map((keyframe) => (keyframe.frame < at ? keyframe : { ...keyframe, frame: keyframe.frame - count })),
  };
}

/** Settings whose member name does not read well in the undo menu. */
const SETTING_LABELS: { readonly [setting: string]: string } = {
  fps: 'frame rate',
  longPrompts: 'long prompts',
  range: 'loop range',
  audio: 'sound',
  draft: 'draft quality',
};

function labelOf(command: Command): string {
  const keyframes = (count: number) => (count === 1 ? 'keyframe' : `${count} keyframes`);
  switch (command.type) {
    case 'addKeyframe':
      return 'Add keyframe';
    case 'moveKeyframes':
      return `Move ${keyframes(command.frames.length)}`;
    case 'placeKeys': {
      const count = command.moves.length;
      return `${command.copy ? 'Duplicate' : 'Move'} ${count === 1 ? 'key' : `${count} keys`}`;
    }
    case 'putKeys':
      return `Change ${command.keys.length === 1 ? 'key' : `${command.keys.length} keys`}`;
    case 'removeKeys':
      return `Remove ${command.keys.length === 1 ? 'key' : `${command.keys.length} keys`}`;
    case 'removeKeyframes':
      return `Remove ${keyframes(command.frames.length)}`;
    case 'setChannel':
      return `Change ${CHANNELS[command.channel].label.toLowerCase()}`;
    case 'clearChannel':
      return `Clear ${CHANNELS[command.channel].label.toLowerCase()}`;
    case 'setEasing':
      return 'Change easing';
    case 'setSettings':
      return `Change ${
        Object.keys(command.settings)
          .map((name) => SETTING_LABELS[name] ?? name)
          .join(', ') || 'nothing'
      }`;
    case 'setGrid':
      return command.grid === null ? 'Remove grid' : 'Change grid';
    case 'retime':
      return `Retime to ${command.fps} fps`;
    case 'rippleInsert':
      return `Insert ${command.frames} frames`;
    case 'rippleDelete':
      return `Delete ${command.frames} frames`;
  }
}
