import { createRequire } from 'node:module';
import { writeFile } from 'node:fs/promises';
import { join, dirname } from 'node:path';
import sharp from 'sharp';
import { AppError, throwIfCancelled } from '../../../src-shared/kernel/errors.ts';
import { encodeEnvelope } from './envelope.ts';
import type { GridFormat } from './format-of.ts';
import { addJpegComment } from './jpeg-comments.ts';
import { sizeOnDisk, writeWhole } from './output-file.ts';
import { addProjectToPng } from './png-chunks.ts';
import type { ExportHooks, FrameSource } from './types.ts';
import { xmpOf } from './webp.ts';

const require = createRequire(import.meta.url);

export interface GridRequest {
  /** Cells row by row from the top left: `rows * columns` of them, or fewer for a contact sheet. */
  readonly source: FrameSource;
  readonly rows: number;
  readonly columns: number;
  readonly out: string;
  readonly format: GridFormat;
  /** Pixels between cells and around the sheet; 0 = none. */
  readonly gap: number;
  readonly background: string;
  /** Width of the whole sheet in pixels; absent: cells keep their size. */
  readonly width?: number;
  /** A line of text under each cell, by cell; empty = none. */
  readonly labels?: readonly string[];
  /** 1..100; 100 is lossless for WebP. */
  readonly quality: number;
  readonly document?: string;
}

export interface GridSummary {
  readonly out: string;
  readonly cells: number;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
}

const LONGEST_SIDE: Readonly<Record<GridFormat, number>> = { jpeg: 65_500, png: 100_000, webp: 16_383 };
/** A sheet is put together in memory, three bytes a pixel. */
const MOST_PIXELS = 400_000_000;
const LABEL_HEIGHT = 18;

/**
 * Puts cells together as one picture. Cells are read and scaled one at a time.
 * @throws {AppError} invalid-input when the sheet is larger than the format can be; the errors of writing
 */
export async function exportGrid(request: GridRequest, hooks: ExportHooks = {}): Promise<GridSummary> {
  const layout = layoutOf(request);
  const { width, height } = layout;
  const most = LONGEST_SIDE[request.format];
  if (Math.max(width, height) > most || width * height > MOST_PIXELS) {
    throw new AppError(
      'invalid-input',
      `The grid would be ${width} x ${height} pixels; ${request.format} takes at most ${most} a side and ${MOST_PIXELS / 1e6} million in all. Give a smaller width.`,
    );
  }
  const sheet = await compose(request, layout, hooks);
  const bytes = await encode(sheet, request, width, height);
  await writeWhole(request.out, 'file', (temporary) => writeFile(temporary, bytes));
  return {
    out: request.out,
    cells: request.source.count,
    width,
    height,
    bytes: await sizeOnDisk(request.out),
  };
}

interface Layout {
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly labelHeight: number;
  readonly width: number;
  readonly height: number;
}

function layoutOf({ source, rows, columns, gap, width, labels }: GridRequest): Layout {
  const gaps = gap * (columns + 1);
  const cellWidth = width === undefined ? source.width : Math.floor((width - gaps) / columns);
  if (cellWidth < 1) {
    throw new AppError('invalid-input', `A grid ${width} pixels wide has no room for ${columns} columns.`);
  }
  const cellHeight = Math.max(1, Math.round((source.height * cellWidth) / source.width));
  const labelHeight = labels === undefined ? 0 : LABEL_HEIGHT;
  return {
    cellWidth,
    cellHeight,
    labelHeight,
    // The asked width is kept exactly; what does not divide stays ground at the right.
    width: width ?? cellWidth * columns + gaps,
    height: (cellHeight + labelHeight) * rows + gap * (rows + 1),
  };
}

async function compose(request: GridRequest, layout: Layout, hooks: ExportHooks): Promise<Buffer> {
  const { source, columns, gap, background } = request;
  const { cellWidth, cellHeight, labelHeight, width, height } = layout;
  const ground = await sharp({ create: { width: 1, height: 1, channels: 3, background } })
    .raw()
    .toBuffer();
  const sheet = Buffer.alloc(width * height * 3, ground);
  const place = (pixels: Uint8Array, w: number, h: number, left: number, top: number): void => {
    for (let y = 0; y < h; y++) {
      sheet.set(pixels.subarray(y * w * 3, (y + 1) * w * 3), ((top + y) * width + left) * 3);
    }
  };
  for (let i = 0; i < source.count; i++) {
    throwIfCancelled(hooks.signal, 'The export');
    const left = gap + (i % columns) * (cellWidth + gap);
    const top = gap + Math.floor(i / columns) * (cellHeight + labelHeight + gap);
    const cell = await source.frame(i);
    const fits = cellWidth === source.width && cellHeight === source.height;
    const pixels = fits
      ? cell
      : await sharp(cell, { raw: { width: source.width, height: source.height, channels: 3 } })
          .resize(cellWidth, cellHeight, { fit: 'fill', kernel: 'lanczos3' })
          .raw()
          .toBuffer();
    place(pixels, cellWidth, cellHeight, left, top);
    const label = request.labels?.[i];
    if (label)
      place(await labelPixels(label, cellWidth, ground), cellWidth, labelHeight, left, top + cellHeight);
    hooks.onProgress?.({ done: i + 1, total: source.count });
  }
  return sheet;
}

/** One line of text on the ground's colour, cut to the cell's width; black or white, whichever can be read. */
async function labelPixels(label: string, width: number, ground: Buffer): Promise<Buffer> {
  const bright =
    (ground[0] as number) * 0.3 + (ground[1] as number) * 0.59 + (ground[2] as number) * 0.11 > 128;
  const background = { r: ground[0] as number, g: ground[1] as number, b: ground[2] as number };
  const font = join(dirname(require.resolve('dejavu-fonts-ttf/package.json')), 'ttf', 'DejaVuSans.ttf');
  // Pango reads markup: the artist's words are words.
  const words = label.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  const text = sharp({
    text: {
      text: `<span foreground="${bright ? 'black' : 'white'}">${words}</span>`,
      font: 'DejaVu Sans 9',
      fontfile: font,
      rgba: true,
      dpi: 84,
    },
  });
  const { data, info } = await text.png().toBuffer({ resolveWithObject: true });
  const cut = await sharp(data)
    .extract({
      left: 0,
      top: 0,
      width: Math.min(info.width, width - 4),
      height: Math.min(info.height, LABEL_HEIGHT - 2),
    })
    .toBuffer();
  return sharp({ create: { width, height: LABEL_HEIGHT, channels: 3, background } })
    .composite([{ input: cut, left: 2, top: 2 }])
    .removeAlpha()
    .raw()
    .toBuffer();
}

async function encode(sheet: Buffer, request: GridRequest, width: number, height: number): Promise<Buffer> {
  const picture = sharp(sheet, { raw: { width, height, channels: 3 }, limitInputPixels: false });
  const { document, quality } = request;
  switch (request.format) {
    case 'jpeg': {
      const jpeg = await picture.jpeg({ quality, chromaSubsampling: '4:4:4', mozjpeg: true }).toBuffer();
      return document === undefined ? jpeg : addJpegComment(jpeg, encodeEnvelope(document));
    }
    case 'png': {
      const png = await picture.png({ compressionLevel: 8, adaptiveFiltering: true }).toBuffer();
      return document === undefined ? png : addProjectToPng(png, document);
    }
    case 'webp': {
      const tagged = document === undefined ? picture : picture.withXmp(xmpOf(encodeEnvelope(document)));
      return tagged.webp(quality >= 100 ? { lossless: true } : { quality }).toBuffer();
    }
  }
}
