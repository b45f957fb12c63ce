import type { EmbeddingView, LatentView } from '../../../src-shared/contract/inspection.ts';
import { channelSheet, heatMap } from '../../engine/inspect/grey-pictures.ts';
import { histogramOf, statisticsByChannel, statisticsOf } from '../../engine/inspect/statistics.ts';
import type { RgbImage } from '../../engine/ports.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';

/** Keeps a picture and returns what records call it by: a file name, or a blob id. */
export type KeepPicture = (name: string, image: RgbImage) => Promise<string>;

const BINS = 48;
/** Rows and columns of an embedding that are shown as numbers. */
const HEAD = { rows: 4, columns: 6 };

/** A tensor [1, C, h, w] in numbers and pictures. */
export async function viewLatents(
  name: string,
  tensor: Tensor,
  colours: RgbImage | null,
  keep: KeepPicture,
): Promise<LatentView> {
  const { image, columns, rows, scale } = channelSheet(tensor);
  return {
    shape: tensor.dims,
    statistics: statisticsOf(tensor.data),
    channels: statisticsByChannel(tensor),
    histogram: histogramOf(tensor.data, BINS),
    tiles: { picture: await keep(`${name}-channels`, image), columns, rows, scale },
    colours: colours === null ? null : await keep(`${name}-colours`, colours),
  };
}

/** An embedding [1, tokens, width] in numbers and as a heat map. */
export async function viewEmbedding(name: string, tensor: Tensor, keep: KeepPicture): Promise<EmbeddingView> {
  const [, tokens = 1, width = 1] = tensor.dims;
  const { image, scale } = heatMap(tensor);
  return {
    shape: tensor.dims,
    statistics: statisticsOf(tensor.data),
    norms: statisticsByChannel(tensor).map(({ norm }) => norm),
    head: Array.from({ length: Math.min(HEAD.rows, tokens) }, (_, row) => [
      ...tensor.data.subarray(row * width, row * width + Math.min(HEAD.columns, width)),
    ]),
    map: { picture: await keep(name, image), scale },
  };
}
