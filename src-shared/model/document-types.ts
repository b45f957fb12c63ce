import type { Json } from '../kernel/canonical-json.ts';
import type { ChannelName, ChannelValues, PromptMethod, SeedMethod } from './channels.ts';
import type { Easing } from './easing.ts';
import type { SchedulerName, TextSettings } from './frame-spec.ts';

/** The format that this version reads and writes. */
export const DOCUMENT_FORMAT = 'inbetween/1';

/**
 * The project document: everything the artist decides. Immutable; {@link parseDocument} checks it, commands make
 * changed copies of it, planning turns it into FrameSpecs.
 */
export interface ProjectDocument {
  /** Where an editor finds the JSON schema; nothing else reads it. */
  readonly $schema?: string;
  readonly format: typeof DOCUMENT_FORMAT;
  readonly name: string;
  /** Free text about the project. */
  readonly notes?: string;
  /** An installed model's name, or a folder. */
  readonly model: string;
  /** Pixels; multiples of 8. The model's own size when absent. */
  readonly size?: DocumentSize;
  /** Frames per second. */
  readonly fps: number;
  /** Number of frames; the last keyframe's number + 1 when absent. */
  readonly length?: number;
  readonly sampler?: DocumentSampler;
  readonly prior?: DocumentPrior;
  /** Default `truncate`. */
  readonly longPrompts?: TextSettings['longPrompts'];
  /** `fixed` (default): the seeds as they are. `fresh`: seed + frame number, so that every frame has its own noise. */
  readonly noise?: 'fixed' | 'fresh';
  readonly interpolation?: Interpolation;
  /** Sorted by frame; one keyframe a frame. */
  readonly keyframes: readonly Keyframe[];
  readonly grid?: DocumentGrid;
  readonly export?: ExportHints;
  /** Named places of the timeline, sorted by frame. */
  readonly markers?: readonly Marker[];
  /** What plays in a loop and is rendered first; both ends belong to it. */
  readonly range?: FrameRange;
  readonly beats?: Beats;
  readonly audio?: AudioTrack;
  /** How the preview renders; final frames do not know of it. */
  readonly draft?: DraftSettings;
  /** Other seeds that the artist keeps for a frame. */
  readonly takes?: readonly Take[];
  /** Single frames with noise of their own, at most one pin a frame; their neighbours stay as they are. */
  readonly pins?: readonly Take[];
  /** Frames that the artist wants to come back to, sorted, at most one flag a frame; planning ignores them. */
  readonly flags?: readonly Flag[];
}

export interface Marker {
  readonly frame: number;
  readonly name: string;
}

/** `from` is at most `to`. */
export interface FrameRange {
  readonly from: number;
  readonly to: number;
}

/** A beat falls on `offset` seconds and every 60 / `bpm` seconds from there. */
export interface Beats {
  readonly bpm: number;
  readonly offset: number;
}

export interface AudioTrack {
  /** SHA-256 of a sound in the project, or a path relative to the document. */
  readonly asset: string;
  /** Seconds of the sound at frame 0. */
  readonly offset: number;
  /** 0 (silent) to 2. */
  readonly gain: number;
}

export interface DraftSettings {
  readonly steps?: number;
}

export interface Take {
  readonly frame: number;
  readonly seed: number;
  /** How far the noise goes from the timeline's towards this seed's: above 0, up to 1 (default: all the way). */
  readonly amount?: number;
}

export interface Flag {
  readonly frame: number;
  readonly note?: string;
}

export interface DocumentSize {
  readonly width: number;
  readonly height: number;
}

/** What is absent comes from the model. */
export interface DocumentSampler {
  readonly scheduler?: SchedulerName;
  readonly steps?: number;
  readonly guidanceScale?: number;
  readonly guidanceRescale?: number;
  readonly eta?: number;
  readonly clipSkip?: number;
  /** Decoding in overlapping tiles, which saves memory and changes the picture slightly. Default auto: very large pictures. */
  readonly vaeTiling?: 'auto' | 'on' | 'off';
  /** Keys that replace those of the model's scheduler_config.json. */
  readonly overrides?: { readonly [key: string]: Json };
}

/** Kandinsky's prior, which imagines an image embedding for every prompt. What is absent comes from the model. */
export interface DocumentPrior {
  /** "ddim25" and the like: 25 DDIM steps, with the original samplers only. */
  readonly steps?: number | string;
  readonly guidanceScale?: number;
  /**
   * What the prior itself is led away from. Absent: the negative prompt with diffusers' schedulers, nothing with the
   * original samplers, as in these two implementations. With diffusers' schedulers it also stands for a negative prompt
   * that is absent or empty.
   */
  readonly negativePrompt?: string;
}

/** How channels move between keyframes. Defaults: lerp for prompts, slerp for seeds. */
export interface Interpolation {
  readonly prompt?: PromptMethod;
  readonly negativePrompt?: PromptMethod;
  readonly seed?: SeedMethod;
}

export type KeyframeEasing = Easing | { readonly [channel in ChannelName]?: Easing };

export interface Keyframe extends Partial<ChannelValues> {
  readonly frame: number;
  /** The curve towards the next keyframe of each channel set here; one for all, or one a channel. Default linear. */
  readonly easing?: KeyframeEasing;
}

/** A 2-D grid: four corners, bilinear cells. */
export interface DocumentGrid {
  readonly rows: number;
  readonly cols: number;
  /** Top left, top right, bottom left, bottom right. */
  readonly corners: readonly [GridCorner, GridCorner, GridCorner, GridCorner];
  /** The document's own when absent; a spline counts as lerp here. */
  readonly interpolation?: Interpolation;
}

export type GridCorner = Partial<ChannelValues>;

/** What the export dialog proposes for this project; planning ignores it. */
export interface ExportHints {
  readonly preset?: string;
  /** How often an animation plays; 0 = for ever. */
  readonly loop?: number;
}

/** Number of frames of the timeline: `length`, or the last keyframe's number + 1 (0 without keyframes). */
export function frameCount(document: ProjectDocument): number {
  if (document.length !== undefined) return document.length;
  const known = counts.get(document.keyframes);
  if (known !== undefined) return known;
  const count = document.keyframes.reduce((most, keyframe) => Math.max(most, keyframe.frame + 1), 0);
  counts.set(document.keyframes, count);
  return count;
}

/** By lists of keyframes, which never change: planning asks for every frame. */
const counts = new WeakMap<ProjectDocument['keyframes'], number>();
