import type { HostModel } from '../host/host-models.ts';
import type { PartFacts } from '../host/models/facts.ts';

export function factsJson(model: HostModel, parts: readonly PartFacts[]): string {
  return `${JSON.stringify({ ...general(model), parameters: total(parts), parts })}\n`;
}

/** What the model is, then a line for every part. */
export function factsText(model: HostModel, parts: readonly PartFacts[]): string {
  const { className, license, contextLength, nativeSize, sizeMultiple, folder } = general(model);
  const lines = [
    model.description.title ?? className,
    `${className}${license === null ? '' : `, licence ${license}`}, ${folder}`,
    `${contextLength === null ? '' : `reads ${contextLength} tokens, `}makes ${nativeSize.width} x ${nativeSize.height} and multiples of ${sizeMultiple}`,
    `${count(total(parts))} parameters`,
    ...parts.map(
      ({ part, parameters, facts }) =>
        `  ${part.padEnd(longest(parts))}  ${count(parameters).padStart(15)}  ${facts.map(({ name, value }) => `${name} ${value}`).join('; ')}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function general({ folder, description }: HostModel) {
  const { className, title, license, contextLength, nativeSize, sizeMultiple } = description;
  return { folder, className, title, license, contextLength, nativeSize, sizeMultiple };
}

function total(parts: readonly PartFacts[]): number {
  return parts.reduce((sum, { parameters }) => sum + parameters, 0);
}

function longest(parts: readonly PartFacts[]): number {
  return Math.max(0, ...parts.map(({ part }) => part.length));
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
