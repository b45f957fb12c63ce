import type { Command } from 'commander';
import type { CliContext } from './context.ts';
import { embeddingsJson, embeddingsText } from './embeddings-list.ts';
import { factsJson, factsText } from './model-facts.ts';
import { createProgress, fileSize } from './progress.ts';

interface EmbeddingFlags {
  readonly embedding?: readonly string[];
  readonly json?: boolean;
}

export function addModelsCommand(program: Command, context: CliContext): void {
  const models = program
    .command('models')
    .description('Installed models and learned words: list, show, check, import, fetch, rename, remove.');
  models
    .command('list')
    .description('Installed models with their folders.')
    .option('--json', 'as JSON')
    .action(async (flags: { json?: boolean }) => list(context, flags.json === true));
  models
    .command('show')
    .argument('<ref>', 'an installed name or a model folder')
    .description(
      'The architecture in numbers: parameters, layers, widths, text length, latent channels of every part.',
    )
    .option('--json', 'as JSON')
    .action(async (ref: string, flags: { json?: boolean }) => {
      const { models: host } = context.host();
      const model = await host.load(ref, process.cwd());
      const parts = await host.facts(ref, process.cwd());
      context.stdout.write(flags.json === true ? factsJson(model, parts) : factsText(model, parts));
    });
  models
    .command('check')
    .argument('<ref>', 'an installed name or a model folder')
    .description('Names every missing or wrong file, input and shape of a model folder.')
    .option('--json', 'as JSON')
    .action(async (ref: string, flags: { json?: boolean }) => check(context, ref, flags.json === true));
  models
    .command('embeddings')
    .argument('[ref]', 'a model, whose own folder of embeddings is looked through as well')
    .option('--embedding <file...>', 'also these files; WORD=FILE gives a file another word')
    .option('--json', 'as JSON')
    .description('Learned words (textual inversion) that prompts can use: names, vectors, for which encoder.')
    .action(async (ref: string | undefined, flags: EmbeddingFlags) => {
      const found = await context.host(flags).models.embeddings(ref, process.cwd());
      context.stdout.write(flags.json === true ? embeddingsJson(found) : embeddingsText(found));
    });
  models
    .command('import')
    .argument('<folder>', 'a model folder in the layout of diffusers ONNX exports')
    .option('--name <name>', 'the name to install it under (default: the name of the folder)')
    .description('Checks a model folder and copies it to the installed models.')
    .action(async (folder: string, flags: { name?: string }) => {
      const progress = createProgress(context);
      const { model, problems } = await context.host().models.import(folder, flags.name, {
        signal: context.signal,
        onProgress: (copied, total) =>
          progress.update({
            label: 'Copying',
            fraction: copied / Math.max(1, total),
            detail: fileSize(copied),
          }),
      });
      progress.end();
      for (const { message } of problems) progress.message(`Note: ${message}`);
      context.stdout.write(`Installed ${model.name} in ${model.folder}.\n`);
    });
  models
    .command('fetch')
    .argument('<repo>', 'a repository of the Hugging Face hub, "owner/name", with an ONNX model folder')
    .option('--name <name>', 'the name to install it under (default: the name of the repository)')
    .description('Fetches a model, checks it and installs it; a broken download is gone on with.')
    .action(async (repo: string, flags: { name?: string }) => {
      const progress = createProgress(context);
      const start = context.clock();
      let first: number | undefined;
      const { model, problems } = await context.host().models.fetch(repo, flags.name, {
        signal: context.signal,
        onProgress(done, total) {
          first ??= done;
          const speed = (done - first) / Math.max(1, context.clock() - start);
          progress.update({
            label: 'Fetching',
            fraction: done / Math.max(1, total),
            detail: `${fileSize(done)} of ${fileSize(total)}`,
            ...(speed > 0 ? { remainingMs: (total - done) / speed } : {}),
          });
        },
      });
      progress.end();
      for (const { message } of problems) progress.message(`Note: ${message}`);
      context.stdout.write(`Installed ${model.name} in ${model.folder}.\n`);
    });
  models
    .command('rename')
    .argument('<name>', 'a model of yours')
    .argument('<to>', 'its new name')
    .description('Gives an installed model another name; projects that name the old one must be changed.')
    .action(async (name: string, to: string) => {
      const { folder } = await context.host().models.rename(name, to);
      context.stdout.write(`${name} is now ${to}, in ${folder}.\n`);
    });
  models
    .command('remove')
    .argument('<name>', 'a model of yours')
    .description('Deletes an installed model.')
    .action(async (name: string) => {
      await context.host().models.remove(name);
      context.stdout.write(`Removed ${name}.\n`);
    });
}

async function list(context: CliContext, json: boolean): Promise<void> {
  const models = await context.host().models.list();
  if (json) {
    context.stdout.write(`${JSON.stringify(models)}\n`);
    return;
  }
  if (models.length === 0)
    context.stdout.write('No models are installed; "models import DIR" installs one.\n');
  for (const { name, origin, title, folder } of models) {
    context.stdout.write(
      `${name}  ${title ?? ''}${origin === 'embedded' ? ' (comes with Inbetween)' : ''}  ${folder}\n`,
    );
  }
}

async function check(context: CliContext, ref: string, json: boolean): Promise<void> {
  const problems = await context.host().models.check(ref, process.cwd());
  const usable = problems.every(({ severity }) => severity !== 'error');
  if (json) context.stdout.write(`${JSON.stringify({ usable, problems })}\n`);
  else {
    for (const { severity, message } of problems) context.stdout.write(`${severity}: ${message}\n`);
    context.stdout.write(`${ref} ${usable ? 'can' : 'cannot'} be used.\n`);
  }
  if (!usable) process.exitCode = 2;
}
