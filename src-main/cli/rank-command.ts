import type { Command } from 'commander';
import { ranking } from '../engine/clip/scores.ts';
import type { CliContext } from './context.ts';
import { matchingOptions, type MatchingFlags, table } from './matching-options.ts';
import { readPictures } from './picture-files.ts';

interface RankFlags extends MatchingFlags {
  readonly prompt: string;
}

export function addRankCommand(program: Command, context: CliContext): void {
  const command = program
    .command('rank')
    .argument('<picture...>', 'picture files')
    .description('Put pictures in order by how well they match a prompt (CLIP).')
    .requiredOption('--prompt <text>', 'what they should show');
  matchingOptions(command).action((files: string[], flags: RankFlags) => rank(context, files, flags));
}

async function rank(context: CliContext, files: readonly string[], flags: RankFlags): Promise<void> {
  const pictures = await readPictures(files);
  const { matching } = context.host(flags);
  const model = await matching.load(flags.clip, process.cwd());
  const rows = await matching.similarities(model, pictures, [flags.prompt], context.signal);
  const scores = rows.map(([score]) => score as number);
  const order = ranking(scores).map((i, place) => ({
    rank: place + 1,
    picture: files[i] as string,
    similarity: scores[i] as number,
  }));
  if (flags.json === true) {
    context.stdout.write(
      `${JSON.stringify({ prompt: flags.prompt, model: model.folder, ranking: order })}\n`,
    );
    return;
  }
  context.stdout.write(
    table(order.map(({ rank: place, picture, similarity }) => [`${place}`, similarity.toFixed(4), picture])),
  );
}
