import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Rows of numbers, one for each picture (or class), in float64. */
export type Matrix = readonly (readonly number[])[];

/** The rows of a tensor [n, width], each scaled to length 1. @throws {AppError} engine-failed for a row of zeros */
export function unitRows({ dims, data }: Tensor): Matrix {
  const [count, width] = dims as [number, number];
  return Array.from({ length: count }, (_, row) =>
    unit(Array.from(data.subarray(row * width, (row + 1) * width))),
  );
}

function unit(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector);
  if (!(length > 0)) throw new AppError('engine-failed', 'An embedding is zero: it points nowhere.');
  return vector.map((value) => value / length);
}

/** Cosines of every unit row of `a` with every unit row of `b`. */
export function cosines(a: Matrix, b: Matrix): Matrix {
  if (a.length > 0 && b.length > 0 && a[0]!.length !== b[0]!.length) {
    throw new AppError(
      'engine-failed',
      `Embeddings of pictures are ${a[0]!.length} wide and those of texts ${b[0]!.length}: the encoders are of different models.`,
    );
  }
  return a.map((row) => b.map((other) => row.reduce((sum, value, i) => sum + value * other[i]!, 0)));
}

/**
 * One unit vector for a class: the mean of the unit vectors of its sentences, scaled to length 1 again (Radford et al.
 * 2021, section 3.1.4).
 */
export function classVector(sentences: Matrix): readonly number[] {
  const [first] = sentences;
  if (first === undefined) throw new AppError('internal', 'A class needs a sentence.');
  return unit(first.map((_, i) => sentences.reduce((sum, row) => sum + row[i]!, 0) / sentences.length));
}

/** Each row's softmax. */
export function softmaxRows(logits: Matrix): Matrix {
  return logits.map((row) => {
    const highest = Math.max(...row);
    const powers = row.map((value) => Math.exp(value - highest));
    const sum = powers.reduce((total, power) => total + power, 0);
    return powers.map((power) => power / sum);
  });
}

export interface ContrastiveLoss {
  /** Mean of −log p(its text | picture). */
  readonly pictureToText: number;
  /** Mean of −log p(its picture | text). */
  readonly textToPicture: number;
  /** λ times the first, 1 − λ times the second. */
  readonly total: number;
}

/**
 * The symmetric loss that CLIP is trained with, for pictures and texts that belong together in order.
 * @param similarity N×N cosines, a row for each picture
 * @param scale 1/τ
 * @param lambda share of the loss that goes from pictures to texts; CLIP takes a half
 * @throws {AppError} invalid-input when the matrix is not square or `lambda` not within 0 to 1
 */
export function contrastiveLoss(similarity: Matrix, scale: number, lambda = 0.5): ContrastiveLoss {
  const count = similarity.length;
  if (count === 0 || similarity.some((row) => row.length !== count)) {
    throw new AppError(
      'invalid-input',
      `There are ${count} pictures and ${similarity[0]?.length ?? 0} texts; the contrastive loss takes as many of one as of the other.`,
    );
  }
  if (!(lambda >= 0 && lambda <= 1)) {
    throw new AppError('invalid-input', `λ is ${lambda}; accepted: 0 to 1.`);
  }
  const logits = similarity.map((row) => row.map((value) => value * scale));
  const turned = logits.map((_, j) => logits.map((row) => row[j]!));
  const [pictureToText, textToPicture] = [crossEntropy(logits), crossEntropy(turned)] as const;
  return { pictureToText, textToPicture, total: lambda * pictureToText + (1 - lambda) * textToPicture };
}

/** Mean of −log softmax at the diagonal. */
function crossEntropy(logits: Matrix): number {
  const losses = logits.map((row, i) => {
    const highest = Math.max(...row);
    return highest + Math.log(row.reduce((sum, value) => sum + Math.exp(value - highest), 0)) - row[i]!;
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

/** Positions of the scores from the highest to the lowest; equal ones keep their order. */
export function ranking(scores: readonly number[]): number[] {
  return scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
}
