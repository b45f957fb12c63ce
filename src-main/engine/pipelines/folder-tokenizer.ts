import { TOKENIZER_FILES } from '../tokenizers/create-tokenizer.ts';
import type { TokenizerFiles } from '../tokenizers/tokenizer.ts';
import type { FolderContent } from './folder-json.ts';

/** The files of one of the folder's tokenizers, named as within its own folder. */
export function tokenizerFilesOf(files: FolderContent['files'], folder: string): TokenizerFiles {
  return Object.fromEntries(TOKENIZER_FILES.map((name) => [name, files[`${folder}/${name}`]]));
}
