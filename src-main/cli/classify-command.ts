import type { Command } from 'commander';
import { AppError } from '../../src-shared/kernel/errors.ts';
import { ranking } from '../engine/clip/scores.ts';
import { TEMPLATES } from '../engine/clip/templates.ts';
import type { CliContext } from './context.ts';
import { matchingOptions, type MatchingFlags, table } from './matching-options.ts';
import { readPictures } from './picture-files.ts';

interface ClassifyFlags extends MatchingFlags {
  readonly labels: string;
  readonly template?: readonly string[];
}

export function addClassifyCommand(program: Command, context: CliContext): void {
  const command = program
    .command('classify')
    .argument('<picture...>', 'picture files')
    .description('Say which of some names each picture shows, without training for them (CLIP, zero-shot).')
    .requiredOption('--labels <names>', 'the names to choose from, with commas between them')
    .option('--template <text...>', `sentences around a name, {} (default: ${TEMPLATES.join('; ')})`);
  matchingOptions(command).action((files: string[], flags: ClassifyFlags) => classify(context, files, flags));
}

async function classify(context: CliContext, files: readonly string[], flags: ClassifyFlags): Promise<void> {
  const labels = flags.labels
    .split(',')
    .map((label) => label.trim())
    .filter((label) => label !== '');
  if (labels.length < 2 || new Set(labels).size < labels.length) {
    throw new AppError(
      'invalid-input',
      `--labels is "${flags.labels}"; it takes two or more different names with commas between them, such as cat,dog,horse.`,
    );
  }
  const templates = flags.template ?? TEMPLATES;
  const pictures = await readPictures(files);
  const { matching } = context.host(flags);
  const model = await matching.load(flags.clip, process.cwd());
  const rows = await matching.classify(model, pictures, labels, templates, context.signal);
  const results = rows.map((row, i) => {
    const best = ranking(row)[0] as number;
    return {
      picture: files[i] as string,
      label: labels[best] as string,
      probability: row[best] as number,
      probabilities: Object.fromEntries(labels.map((label, at) => [label, row[at] as number])),
    };
  });
  if (flags.json === true) {
    context.stdout.write(`${JSON.stringify({ labels, templates, model: model.folder, results })}\n`);
    return;
  }
  context.stdout.write(
    table(
      results.map(({ picture, label, probability }) => [
        label,
        `${(100 * probability).toFixed(1)} %`,
        picture,
      ]),
    ),
  );
}
