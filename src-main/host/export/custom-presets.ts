import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { PRESET_FORMAT, type Preset, presetFileSchema } from '../../../src-shared/contract/preset.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { writeWholeFile } from '../../files/whole-file.ts';
import { translate } from './output-file.ts';
import { presetById, PRESETS } from './presets.ts';

/** The presets of the product and the user's own, which are files of one folder: to be handed on and edited. */
export interface PresetLibrary {
  /** Also says which files cannot be understood; they are left as they are. */
  list(): Promise<{ presets: (Preset & { custom: boolean })[]; problems: string[] }>;
  /** @throws {AppError} invalid-input listing the presets there are */
  get(id: string): Promise<Preset>;
  /** @throws {AppError} invalid-input for the name of one that comes with the product */
  save(preset: Preset): Promise<void>;
  /** @throws {AppError} not-found */
  remove(id: string): Promise<void>;
}

export function createPresetLibrary(folder: string): PresetLibrary {
  const pathOf = (id: string): string => join(folder, `${id}.json`);

  const list: PresetLibrary['list'] = async () => {
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json')).sort();
    const presets: (Preset & { custom: boolean })[] = PRESETS.map((preset) => ({ ...preset, custom: false }));
    const problems: string[] = [];
    for (const name of names) {
      try {
        const preset = parsePreset(await readFile(join(folder, name), 'utf8'), name);
        // The file's name counts: a copy that was not edited would otherwise hide the original.
        presets.push({ ...preset, id: name.slice(0, -'.json'.length), custom: true });
      } catch (error) {
        problems.push((error as Error).message);
      }
    }
    return { presets, problems };
  };

  return {
    list,
    get: async (id) => {
      const { custom: _custom, ...preset } = presetById(id, (await list()).presets) as Preset & {
        custom: boolean;
      };
      return preset;
    },
    async save(preset) {
      if (PRESETS.some(({ id }) => id === preset.id)) {
        throw new AppError(
          'invalid-input',
          `"${preset.id}" is a preset that comes with Inbetween; choose another name.`,
        );
      }
      try {
        const text = `${JSON.stringify({ preset: PRESET_FORMAT, ...preset }, null, 2)}\n`;
        await writeWholeFile(pathOf(preset.id), text);
      } catch (error) {
        throw translate(error, pathOf(preset.id));
      }
    },
    async remove(id) {
      const { presets } = await list();
      if (!presets.some((preset) => preset.custom && preset.id === id)) {
        throw new AppError('not-found', `There is no preset "${id}" of yours.`);
      }
      await rm(pathOf(id));
    },
  };
}

/** @throws {AppError} invalid-input naming the file and what is wrong with it */
function parsePreset(text: string, name: string): Preset {
  try {
    const { preset: _format, ...preset } = presetFileSchema.parse(JSON.parse(text));
    return preset;
  } catch (error) {
    const what = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new AppError(
      'invalid-input',
      `The preset ${name} cannot be understood: ${what.replace(/\s+/g, ' ')}`,
    );
  }
}
