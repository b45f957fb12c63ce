// Writes resources/schema/inbetween-1.schema.json, the JSON schema of project documents for editors.
import { mkdir, writeFile } from 'node:fs/promises';
import { documentJsonSchema } from '../src-shared/model/document-json-schema.ts';

const folder = new URL('../resources/schema/', import.meta.url);
await mkdir(folder, { recursive: true });
await writeFile(new URL('inbetween-1.schema.json', folder), documentJsonSchema());
