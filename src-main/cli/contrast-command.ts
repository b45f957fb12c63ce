import type { Command } from 'commander';
import type { CliContext } from './context.ts';
import { matchingOptions, type MatchingFlags, table } from './matching-options.ts';
import { readPictures } from './picture-files.ts';
import { number } from './values.ts';

interface ContrastFlags extends MatchingFlags {
  readonly text: readonly string[];
  readonly lambda: number;
}

export function addContrastCommand(program: Command, context: CliContext): void {
  const command = program
    .command('contrast')
    .argument('<picture...>', 'picture files')
    .description(
      'Compare every picture with every text, and give the loss that CLIP is trained with for pairs in order.',
    )
    .requiredOption('--text <text...>', 'one text for each picture, in the same order')
    .option('--lambda <share>', 'share of the loss that goes from pictures to texts', number(0, 1), 0.5);
  matchingOptions(command).action((files: string[], flags: ContrastFlags) => contrast(context, files, flags));
}

async function contrast(context: CliContext, files: readonly string[], flags: ContrastFlags): Promise<void> {
  const pictures = await readPictures(files);
  const { matching } = context.host(flags);
  const model = await matching.load(flags.clip, process.cwd());
  const { text: texts, lambda } = flags;
  const { similarity, loss } = await matching.contrast(model, pictures, texts, lambda, context.signal);
  const scale = model.description.logitScale;
  if (flags.json === true) {
    context.stdout.write(
      `${JSON.stringify({ pictures: files, texts, model: model.folder, similarity, scale, lambda, loss })}\n`,
    );
    return;
  }
  context.stdout.write(
    table(similarity.map((row, i) => [files[i] as string, ...row.map((value) => value.toFixed(3))])),
  );
  const { pictureToText, textToPicture, total } = loss;
  context.stdout.write(
    `Loss ${total.toFixed(4)}: picture to text ${pictureToText.toFixed(4)}, text to picture ${textToPicture.toFixed(4)}; ` +
      `lambda ${lambda}, 1/tau ${scale.toFixed(2)}.\n`,
  );
}
