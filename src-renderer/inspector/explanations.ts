import type { StepTensor } from '../../src-shared/contract/inspection.ts';

/** What the inspector's panels show, for those who see it for the first time; docs/how-a-frame-is-made.md tells more. */
export const EXPLANATIONS = {
  startingLatents:
    'The model does not draw in pixels but in latents: a small stack of grids of numbers, one grid a channel. The loop starts from the noise of the seed, as strong as the scheduler wants it, or from a picture under noise.',
  latents:
    'What is drawn after this step. The scheduler has taken part of the predicted noise away; how strong the rest still is, the plot below says. The next step starts from here, and after the last one the decoder makes the picture of them.',
  seedNoise:
    'Random numbers with mean 0 and standard deviation 1. The seed alone decides them, bit for bit and on every machine: that is why a seed can be used again.',
  denoised:
    'The picture that would be left if all of the predicted noise were taken away at once. At first it is vague, a mean of all that could become of the noise; it clears as the noise gets weaker.',
  picture:
    'The last latents through the decoder, which makes a block of pixels out of each cell. It is what is stored as the frame.',
  schedule:
    'σ says how strong the noise is, compared with the picture: its standard deviation. The scheduler chooses the levels. There is one more than there are steps, since each step goes from one to the next, and the last is 0: no noise. The button changes to a logarithmic axis, on which the small last steps can be told apart.',
  tokens:
    "The prompt as the text encoder reads it: pieces of words from a fixed list, each with its number there. Marks stand at the start and the end, padding fills up to the encoder's length, × is a weight that the prompt gives. What does not fit is struck out and has no effect.",
  embeddings:
    "The text encoder's answer: one row of numbers a token, which knows the words around it and its own place. In the map a row is a token and a column a component; the bars are the lengths of the rows. Between two keyframes these rows are blended, and the model is given the result.",
} as const;

/** What the middle picture can show. */
export const EXPLAINED_TENSORS: Readonly<Partial<Record<StepTensor, string>>> = {
  noise:
    'What the model takes for noise in the latents before this step, after guidance. A step takes only part of it away: the scheduler decides how much.',
  input:
    "What the network is fed. With schedulers that count in σ it is the latents divided by √(σ² + 1), so that the spread stays near 1 however strong the noise is. Inpainting models get the mask and the picture's rest as further channels.",
  guided:
    "The network's two answers in one: negative + s · (prompt − negative), with the guidance scale s. Above 1 it goes further towards the prompt than the network would by itself.",
  conditional: "The network's answer when it is told the prompt.",
  unconditional:
    "The network's answer when it is told the negative prompt, which may be empty. Guidance goes from here towards the prompt's answer, and beyond.",
};
