import type { Handlers } from '../../../src-shared/contract/service.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { missingWords } from '../../../src-shared/model/learned-words.ts';
import { parsePromptWeights } from '../../engine/text/prompt-weights.ts';
import { tokenizeWeighted } from '../../engine/text/tokenize-weighted.ts';
import { createTokenizer, TOKENIZER_FILES } from '../../engine/tokenizers/create-tokenizer.ts';
import type { Tokenizer } from '../../engine/tokenizers/tokenizer.ts';
import type { HostModel } from '../host.ts';
import type { OpenProjects } from './open-projects.ts';

/** Vocabularies are large: the one of the model in use is kept, and one of the model before. */
const KEPT = 2;

/** Counting the tokens of prompts while they are written. */
export function promptHandlers(projects: OpenProjects): Pick<Handlers, 'prompt.tokens'> {
  const tokenizers = new Map<string, Tokenizer>();
  const tokenizerOf = (model: HostModel): Tokenizer => {
    let tokenizer = tokenizers.get(model.fingerprint);
    if (tokenizer === undefined) {
      const folder = ['tokenizer', 'tokenizer_2', 'tokenizer_3'].find((name) =>
        TOKENIZER_FILES.some((file) => model.files[`${name}/${file}`] !== undefined),
      );
      if (folder === undefined) {
        throw new AppError('invalid-model', `${model.folder} has no tokenizer to count with.`);
      }
      tokenizer = createTokenizer(
        Object.fromEntries(TOKENIZER_FILES.map((name) => [name, model.files[`${folder}/${name}`]])),
      );
      tokenizers.set(model.fingerprint, tokenizer);
      const oldest = tokenizers.keys().next().value;
      if (tokenizers.size > KEPT && oldest !== undefined) tokenizers.delete(oldest);
    }
    return tokenizer;
  };

  return {
    'prompt.tokens': async ({ project, prompts }, { client }) => {
      const open = projects.get(project, client);
      const model = await open.model();
      const tokenizer = tokenizerOf(model);
      const installed = model.embeddings.map(({ token }) => token);
      const longPrompts = open.edits.document.longPrompts ?? 'truncate';
      return {
        prompts: prompts.map((prompt) => {
          const { chunks, truncated, cut } = tokenizeWeighted(tokenizer, prompt, { longPrompts });
          const content = chunks.reduce((sum, chunk) => sum + chunk.content, cut.ids.length);
          return {
            tokens: content + tokenizer.prefix.length + tokenizer.suffix.length,
            limit: tokenizer.contextLength,
            cut: truncated,
            missing: missingWords([prompt], installed),
            parts: parsePromptWeights(prompt),
          };
        }),
      };
    },
  };
}
