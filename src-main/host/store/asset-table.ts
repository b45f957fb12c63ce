import { hash } from 'node:crypto';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { Connection } from './connection.ts';
import type { Amount, Asset, AssetInfo, AssetInput, Clock } from './store-types.ts';

export interface AssetTable {
  put(asset: AssetInput): AssetInfo;
  get(sha256: string): Asset | undefined;
  list(): AssetInfo[];
  remove(keys: Iterable<string>): number;
  usage(): Amount;
}

const INFO = 'sha256, media_type AS mediaType, name, width, height, size';

export function createAssetTable(connection: Connection, clock: Clock): AssetTable {
  const { database } = connection;
  const insert = database.prepare(`
    INSERT INTO asset (sha256, media_type, name, width, height, size, created, bytes)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (sha256) DO UPDATE SET bytes = excluded.bytes`);
  const select = database.prepare<[string], Omit<Asset, 'bytes'> & { bytes: Buffer }>(
    `SELECT ${INFO}, bytes FROM asset WHERE sha256 = ?`,
  );
  const selectInfo = database.prepare<[string], AssetInfo>(`SELECT ${INFO} FROM asset WHERE sha256 = ?`);
  const selectAll = database.prepare<[], AssetInfo>(
    `SELECT ${INFO} FROM asset ORDER BY created, name, sha256`,
  );
  const remove = database.prepare<[string]>('DELETE FROM asset WHERE sha256 = ?');
  const amount = database.prepare<[], Amount>('SELECT count(*) AS count, total(size) AS bytes FROM asset');

  return {
    put: ({ mediaType, name, bytes, width, height }) => {
      if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
        throw new AppError(
          'invalid-asset',
          `${name} is ${width} × ${height} pixels; a picture of at least 1 × 1 is expected.`,
        );
      }
      const sha256 = hash('sha256', bytes);
      return connection.write(() => {
        insert.run(sha256, mediaType, name, width, height, bytes.byteLength, Math.trunc(clock()), bytes);
        return selectInfo.get(sha256) as AssetInfo;
      });
    },

    get: (sha256) => {
      const asset = connection.attempt(() => select.get(sha256));
      if (asset !== undefined && hash('sha256', asset.bytes) !== sha256) {
        throw new AppError(
          'project-damaged',
          `The picture ${asset.name} in ${connection.file} is damaged. Import it again.`,
          { data: { file: connection.file, asset: sha256 } },
        );
      }
      return asset;
    },

    list: () => connection.attempt(() => selectAll.all()),

    remove: (keys) =>
      connection.write(() => {
        let count = 0;
        for (const key of keys) count += remove.run(key).changes;
        return count;
      }),

    usage: () => connection.attempt(() => amount.get()) ?? { count: 0, bytes: 0 },
  };
}
