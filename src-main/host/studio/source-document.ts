import { dirname, extname, resolve } from 'node:path';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { ProjectDocument } from '../../../src-shared/model/document-types.ts';
import { readProjectFrom } from '../export/read-project.ts';
import type { Host } from '../host.ts';
import { parseDocumentText, readDocument } from '../project.ts';

/** A document and the folder that its relative paths start from. */
export interface SourceDocument {
  readonly document: ProjectDocument;
  readonly folder: string;
}

/**
 * The document of a project of either kind, or the one that an exported file carries.
 * @throws {AppError} not-found | invalid-input | invalid-document
 */
export async function sourceDocument(host: Host, path: string): Promise<SourceDocument> {
  const file = resolve(path);
  const folder = dirname(file);
  switch (extname(file).toLowerCase()) {
    case '.json':
      return { document: await readDocument(file), folder };
    case '.inbetween': {
      const project = await host.openProject(file, { readonly: true });
      project.close();
      return { document: project.document, folder };
    }
    default: {
      const text = await readProjectFrom(file).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') throw new AppError('not-found', `There is no file ${path}.`);
        if (error.code === 'EISDIR') throw new AppError('invalid-input', `${path} is a folder, no file.`);
        throw error;
      });
      if (text === undefined) throw new AppError('invalid-input', `${path} carries no Inbetween project.`);
      return { document: parseDocumentText(text, `The project inside ${path}`), folder };
    }
  }
}
