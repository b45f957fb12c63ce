import type { ModelDefaults } from '../../../src-shared/model/frame-state.ts';
import { SCHEDULER_NAMES, type SchedulerName } from '../../../src-shared/model/frame-spec.ts';
import { integer, invalidModel, isObject, type JsonObject, number } from './folder-json.ts';

const FILE = 'inbetween.json';

/** What the family proposes where the folder's own `inbetween.json` says nothing. */
export interface FamilyDefaults {
  readonly scheduler: SchedulerName;
  readonly steps: number;
  readonly guidanceScale: number;
  readonly size: { readonly width: number; readonly height: number };
}

/**
 * `defaults` of the model card, completed by the family's; a size of the family's that is no multiple of `sizeMultiple`
 * is rounded up to one.
 * @throws {AppError} `invalid-model` for a scheduler that is none or a size that is no multiple of `sizeMultiple`
 */
export function defaultsOf(card: JsonObject, family: FamilyDefaults, sizeMultiple: number): ModelDefaults {
  const given = isObject(card['defaults']) ? card['defaults'] : {};
  const name = given['scheduler'] ?? family.scheduler;
  if (!SCHEDULER_NAMES.includes(name as SchedulerName)) {
    throw invalidModel(
      `${FILE}: defaults.scheduler is ${JSON.stringify(name)}. Accepted: ${SCHEDULER_NAMES.join(', ')}.`,
    );
  }
  const up = (side: number): number => Math.ceil(side / sizeMultiple) * sizeMultiple;
  const width = integer(given, 'width', FILE, up(family.size.width));
  const height = integer(given, 'height', FILE, up(family.size.height));
  for (const [side, value] of [
    ['width', width],
    ['height', height],
  ] as const) {
    if (value % sizeMultiple !== 0) {
      throw invalidModel(`${FILE}: defaults.${side} is ${value}. Accepted: multiples of ${sizeMultiple}.`);
    }
  }
  return {
    steps: integer(given, 'steps', FILE, family.steps),
    guidanceScale: number(given, 'guidanceScale', family.guidanceScale),
    scheduler: name as SchedulerName,
    width,
    height,
  };
}
