import { AppError } from '../../../src-shared/kernel/errors.ts';

/** Sentences around a class's name, `{}`. Several ways to say it are steadier than one. */
export const TEMPLATES: readonly string[] = [
  '{}',
  'a photo of a {}',
  'a picture of the {}',
  'an image of a {}',
  'an illustration of a {}',
  'a painting of a {}',
];

/** The class's name in every template. @throws {AppError} invalid-input for a template without `{}` */
export function sentencesOf(name: string, templates: readonly string[]): string[] {
  for (const template of templates) {
    if (template.includes('{}')) continue;
    throw new AppError(
      'invalid-input',
      `The template "${template}" has no {} for the name, as "a photo of a {}" has.`,
    );
  }
  return templates.map((template) => template.replaceAll('{}', name));
}
