import type { Report } from '../check.ts';
import { FLOAT, finder, type Inspected, size, WHOLE } from './expectations.ts';

/** A text encoder and an image encoder whose embeddings are of one width. */
export function checkClip(inspected: Inspected, report: Report): void {
  const expectComponent = finder(inspected, report);
  const text = expectComponent('text_model', {
    inputs: [{ names: ['input_ids'], ranks: [2], types: WHOLE }],
    optional: ['attention_mask'],
    outputs: [{ names: ['text_embeds'], ranks: [2], types: FLOAT }],
  });
  const vision = expectComponent('vision_model', {
    inputs: [{ names: ['pixel_values'], ranks: [4], types: FLOAT }],
    optional: [],
    outputs: [{ names: ['image_embeds'], ranks: [2], types: FLOAT }],
  });
  const [words, pictures] = [size(text?.outputs[0], 1), size(vision?.outputs[0], 1)];
  if (words !== undefined && pictures !== undefined && words !== pictures) {
    report(
      'error',
      'vision_model/model.onnx',
      `Embeddings of pictures are ${pictures} wide, but those of texts ${words}: the encoders are of different models.`,
    );
  }
}
