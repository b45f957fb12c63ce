import { badFile } from './element-types.ts';

const END = 0x06054b50;
const END_64_LOCATOR = 0x07064b50;
const END_64 = 0x06064b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const MAX_ENTRIES = 10_000;
const UNKNOWN_32 = 0xffffffff;

/**
 * The files of a ZIP archive whose members are stored as they are, which is how PyTorch writes them. Compressed members
 * are refused: nothing is ever unpacked, so an archive cannot become larger than it is.
 * @throws {AppError} invalid-asset
 */
export function readStoredZip(bytes: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { count, start } = directory(view);
  if (count > MAX_ENTRIES) throw badFile(`is an archive of ${count} files; an embedding has a few.`);
  const files = new Map<string, Uint8Array>();
  let at = start;
  for (let i = 0; i < count; i++) {
    if (!fits(view, at, 46) || view.getUint32(at, true) !== ENTRY) throw damaged();
    const method = view.getUint16(at + 10, true);
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const commentLength = view.getUint16(at + 32, true);
    if (!fits(view, at, 46 + nameLength + extraLength + commentLength)) throw damaged();
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    if (method !== 0) {
      throw badFile(
        `is an archive whose member "${name}" is compressed. PyTorch stores its files uncompressed.`,
      );
    }
    const { size, offset } = sizes(view, at, nameLength, extraLength);
    files.set(name, content(bytes, view, offset, size));
    at += 46 + nameLength + extraLength + commentLength;
  }
  return files;
}

function directory(view: DataView): { count: number; start: number } {
  const earliest = Math.max(0, view.byteLength - 22 - 0xffff);
  for (let at = view.byteLength - 22; at >= earliest; at--) {
    if (view.getUint32(at, true) !== END) continue;
    const count = view.getUint16(at + 10, true);
    const start = view.getUint32(at + 16, true);
    if (count !== 0xffff && start !== UNKNOWN_32) return { count, start };
    if (!fits(view, at - 20, 20) || view.getUint32(at - 20, true) !== END_64_LOCATOR) throw damaged();
    const end64 = whole(view, at - 12);
    if (!fits(view, end64, 56) || view.getUint32(end64, true) !== END_64) throw damaged();
    return { count: whole(view, end64 + 32), start: whole(view, end64 + 48) };
  }
  throw badFile('is no ZIP archive: it has no end of archive.');
}

/** Size and place of a member; large archives keep them in an extra field. */
function sizes(
  view: DataView,
  at: number,
  nameLength: number,
  extraLength: number,
): { size: number; offset: number } {
  const plain = view.getUint32(at + 24, true);
  const compressed = view.getUint32(at + 20, true);
  const offset = view.getUint32(at + 42, true);
  const found = { size: plain, offset };
  let field = at + 46 + nameLength;
  const end = field + extraLength;
  while (field + 4 <= end) {
    const length = view.getUint16(field + 2, true);
    if (view.getUint16(field, true) === 1) {
      let value = field + 4;
      const next = (): number => {
        if (value + 8 > Math.min(end, field + 4 + length)) throw damaged();
        value += 8;
        return whole(view, value - 8);
      };
      if (plain === UNKNOWN_32) found.size = next();
      if (compressed === UNKNOWN_32) next();
      if (offset === UNKNOWN_32) found.offset = next();
    }
    field += 4 + length;
  }
  return found;
}

function content(bytes: Uint8Array, view: DataView, offset: number, size: number): Uint8Array {
  if (!fits(view, offset, 30) || view.getUint32(offset, true) !== LOCAL) throw damaged();
  const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  if (!fits(view, start, size)) throw damaged();
  return bytes.subarray(start, start + size);
}

function whole(view: DataView, at: number): number {
  if (!fits(view, at, 8)) throw damaged();
  const value = view.getBigUint64(at, true);
  if (value > BigInt(view.byteLength)) throw damaged();
  return Number(value);
}

function fits(view: DataView, at: number, length: number): boolean {
  return at >= 0 && at + length <= view.byteLength;
}

function damaged(): Error {
  return badFile('is a damaged archive: an entry points outside of it.');
}
