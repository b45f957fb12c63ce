import type { Handlers } from '../../../src-shared/contract/service.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { missingWords } from '../../../src-shared/model/learned-words.ts';
import { tokenizerFilesOf } from '../../engine/pipelines/folder-tokenizer.ts';
import { parsePromptWeights } from '../../engine/text/prompt-weights.ts';
import { TOKENIZER_FILES } from '../../engine/tokenizers/create-tokenizer.ts';
import type { TokenizerFiles } from '../../engine/tokenizers/tokenizer.ts';
import type { HostModel } from '../host-models.ts';
import type { OpenProjects } from './open-projects.ts';
import type { TokenCounter } from './token-counter.ts';

/** Counting the tokens of prompts while they are written. */
export function promptHandlers(
  projects: OpenProjects,
  counter: TokenCounter,
): Pick<Handlers, 'prompt.tokens'> {
  return {
    'prompt.tokens': async ({ project, prompts }, { client }) => {
      const open = projects.get(project, client);
      const model = await open.model();
      const installed = model.embeddings.map(({ token }) => token);
      const longPrompts = open.edits.document.longPrompts ?? 'truncate';
      const counts = await counter.count(model.fingerprint, () => firstTokenizer(model), {
        prompts,
        longPrompts,
      });
      return {
        prompts: counts.map((count, at) => ({
          ...count,
          missing: missingWords([prompts[at] as string], installed),
          parts: parsePromptWeights(prompts[at] as string),
        })),
      };
    },
  };
}

/** @throws {AppError} invalid-model when the model has none. */
function firstTokenizer(model: HostModel): TokenizerFiles {
  const folder = ['tokenizer', 'tokenizer_2', 'tokenizer_3'].find((name) =>
    TOKENIZER_FILES.some((file) => model.files[`${name}/${file}`] !== undefined),
  );
  if (folder === undefined) {
    throw new AppError('invalid-model', `${model.folder} has no tokenizer to count with.`);
  }
  return tokenizerFilesOf(model.files, folder);
}
