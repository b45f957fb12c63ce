/** Frames of one size that can be read any number of times, in any order. */
export interface FrameSource {
  readonly count: number;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** 8-bit RGB, row-major: `width * height * 3` bytes. */
  frame(index: number): Promise<Uint8Array>;
}

export const EXPORT_FORMATS = ['gif', 'mp4', 'webm', 'webp', 'png'] as const;
/** `png` is a folder of numbered pictures. */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface Playback {
  /** Frames per second, > 0, may be fractional. */
  readonly fps: number;
  /** Times the animation plays; 0 = for ever. Videos ignore it: their player decides. */
  readonly loop: number;
  /** Plays forth and back; the two end frames are not doubled. */
  readonly pingPong: boolean;
  /** Seconds that the first and last frame stand still in addition to their own time. */
  readonly holdFirst: number;
  readonly holdLast: number;
  /** Pictures between each two frames that fade from one to the other, 0 to 9; as many more are shown a second. */
  readonly crossFades?: number;
}

export interface ExportSize {
  readonly width: number;
  readonly height: number;
  /** contain: the whole picture on a blurred or plain ground; cover: cropped; stretch: distorted. */
  readonly fit: 'contain' | 'cover' | 'stretch';
  readonly background: 'blur' | 'black' | 'white';
}

/** The sound of a film. */
export interface ExportSound {
  /** A file that ffmpeg reads. */
  readonly file: string;
  /** 0 (silent) to 2. */
  readonly gain: number;
  /** Sample of the sound, at 48 kHz, that the film begins with; negative: the sound begins later. */
  readonly start: number;
  /** How much faster the film is than the project, which the sound is in time with; 1 = as fast. */
  readonly speed: number;
}

export interface ExportRequest {
  readonly source: FrameSource;
  readonly format: ExportFormat;
  /** Final file (or folder for `png`); nothing appears under this name before it is whole. */
  readonly out: string;
  readonly playback: Playback;
  /** Absent: the frames' own size. */
  readonly size?: ExportSize;
  /** 1 (small) .. 100 (best). */
  readonly quality: number;
  /** GIF: dithering against banding. `bayer` is calm in motion, `sierra` finer in stills. */
  readonly dither: 'bayer' | 'sierra' | 'none';
  /** GIF: one palette for all frames (calm), or one each (more colours, larger). */
  readonly palette: 'global' | 'per-frame';
  /** Of videos; other formats have none. */
  readonly sound?: ExportSound;
  /** GIF: the frames that a global palette is made of; default: those of the source. */
  readonly paletteSource?: FrameSource;
  /** A larger file is not kept: error `export-failed` with `data.bytes`. */
  readonly maxBytes?: number;
  /** JSON text of the project, carried inside the output. */
  readonly document?: string;
  /** Path of ffmpeg (see ffmpeg.ts); needed by all formats but `png`. */
  readonly ffmpeg: string;
  /** Threads for encoding. */
  readonly threads: number;
}

export interface ExportHooks {
  readonly signal?: AbortSignal;
  onProgress?(progress: { done: number; total: number }): void;
  onNote?(message: string): void;
}

export interface ExportSummary {
  readonly out: string;
  /** Pictures shown from start to end, ping-pong and holds of videos included. */
  readonly frames: number;
  readonly bytes: number;
  /** Seconds of one play-through. */
  readonly duration: number;
  readonly width: number;
  readonly height: number;
}
