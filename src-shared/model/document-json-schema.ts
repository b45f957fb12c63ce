import { z } from 'zod';
import { documentSchema } from './document-schema.ts';

/**
 * The text of the JSON schema (draft 2020-12) of project documents, for editors. It says what a schema can say;
 * {@link parseDocument} also checks sums of weights, one keyframe a frame and that a prompt is set.
 */
export function documentJsonSchema(): string {
  const schema = {
    title: 'Inbetween project document',
    ...z.toJSONSchema(documentSchema, { io: 'input', reused: 'ref' }),
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}
