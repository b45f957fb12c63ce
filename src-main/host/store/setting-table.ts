import type { Json } from '../../../src-shared/kernel/canonical-json.ts';
import type { Connection } from './connection.ts';

export interface SettingTable {
  get(key: string): Json | undefined;
  /** `undefined` removes the setting. */
  set(key: string, value: Json | undefined): void;
}

export function createSettingTable(connection: Connection): SettingTable {
  const { database } = connection;
  const select = database.prepare<[string], string>('SELECT value FROM setting WHERE key = ?').pluck();
  const upsert = database.prepare<[string, string]>(
    'INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );
  const remove = database.prepare<[string]>('DELETE FROM setting WHERE key = ?');
  return {
    get: (key) => {
      const value = connection.attempt(() => select.get(key));
      return value === undefined ? undefined : (JSON.parse(value) as Json);
    },
    set: (key, value) => {
      connection.write(() =>
        value === undefined ? remove.run(key) : upsert.run(key, JSON.stringify(value)),
      );
    },
  };
}
