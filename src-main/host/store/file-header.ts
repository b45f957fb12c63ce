import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';

/** "INBT": what `file` and other tools know an Inbetween project by. Header offset 68. */
export const APPLICATION_ID = 0x494e4254;

/** The first 16 bytes of every SQLite 3 file. */
const SQLITE_MAGIC = 'SQLite format 3\0';

/** What the first bytes of a file say (SQLite's file format, sections 1.3 and 1.6), read without opening it as one. */
export interface FileHeader {
  /** Bytes. */
  readonly size: number;
  readonly isSqlite: boolean;
  readonly pageSize: number;
  /** Pages that the header promises; 0 when it does not vouch for the number. */
  readonly pages: number;
  readonly userVersion: number;
  readonly applicationId: number;
  /** Without content: no bytes, or a database that no one has put a table into (as one being made is at first). */
  readonly isEmpty: boolean;
  /** The file was left in write-ahead mode. */
  readonly wal: boolean;
}

/** @returns undefined when there is no such file. Throws what `node:fs` throws otherwise. */
export function readFileHeader(file: string): FileHeader | undefined {
  if (!existsSync(file)) return undefined;
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const head = Buffer.alloc(105);
    const length = readSync(descriptor, head, 0, 105, 0);
    const isSqlite = length === 105 && head.toString('latin1', 0, 16) === SQLITE_MAGIC;
    const rawPageSize = head.readUInt16BE(16);
    const userVersion = head.readUInt32BE(60);
    const applicationId = head.readUInt32BE(68);
    // The list of tables begins at offset 100 of the first page: a leaf (13) with no cells.
    const hasNoTables = isSqlite && head[100] === 13 && head.readUInt16BE(103) === 0;
    return {
      size,
      isSqlite,
      isEmpty: size === 0 || (hasNoTables && userVersion === 0 && applicationId === 0),
      pageSize: rawPageSize === 1 ? 65536 : rawPageSize,
      pages: head.readUInt32BE(24) === head.readUInt32BE(92) ? head.readUInt32BE(28) : 0,
      userVersion,
      applicationId,
      wal: head[18] === 2,
    };
  } finally {
    closeSync(descriptor);
  }
}
