import { InvalidArgumentError } from 'commander';

/** Parsers of option values: commander shows what they throw, with the option's name, and exits with 2. */
export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^[+-]?\d+$/.test(text.trim()) || value < min || value > max) {
      throw new InvalidArgumentError(`"${text}" is not an integer from ${min} to ${max}.`);
    }
    return value;
  };
}

export function number(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < min || value > max) {
      throw new InvalidArgumentError(`"${text}" is not a number from ${min} to ${max}.`);
    }
    return value;
  };
}

export function oneOf(values: readonly string[]): (text: string) => string {
  return (text) => {
    if (!values.includes(text)) throw new InvalidArgumentError(`"${text}" is none of ${values.join(', ')}.`);
    return text;
  };
}

/** `A-B` or one frame `A`; both ends included. */
export function frameRange(text: string): { from: number; to: number } {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text.trim());
  const from = Number(match?.[1]);
  const to = Number(match?.[2] ?? match?.[1]);
  if (match === null || from > to) {
    throw new InvalidArgumentError(
      `"${text}" is no range of frames; it takes A-B, counted from 0, for example 0-24.`,
    );
  }
  return { from, to };
}

/** `WIDTHxHEIGHT` in pixels. */
export function pixelSize(text: string): { width: number; height: number } {
  const match = /^(\d{1,5})x(\d{1,5})$/i.exec(text.trim());
  const width = Number(match?.[1]);
  const height = Number(match?.[2]);
  if (match === null || width < 16 || height < 16 || width > 16384 || height > 16384) {
    throw new InvalidArgumentError(
      `"${text}" is no size; it takes WIDTHxHEIGHT in pixels, for example 1080x1080.`,
    );
  }
  return { width, height };
}

/** "8MB", "500 kB", "1000000": bytes, in decimal units as file managers and upload limits count them. */
export function byteSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(b|kb|mb|gb)?$/i.exec(text.trim());
  const units: Readonly<Record<string, number>> = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9 };
  const bytes = Math.floor(Number(match?.[1]) * (units[match?.[2]?.toLowerCase() ?? 'b'] as number));
  if (match === null || bytes < 2000) {
    throw new InvalidArgumentError(`"${text}" is no size; it takes at least 2 kB, for example 8MB or 500kB.`);
  }
  return bytes;
}
