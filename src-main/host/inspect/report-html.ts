import type { EmbeddingView, LatentView } from '../../../src-shared/contract/inspection.ts';
import { type InspectionReport, predictionWord, SHOWN, stepName } from './report.ts';
import { REPORT_STYLE } from './report-style.ts';
import { sigmaPlot } from './sigma-plot.ts';

/**
 * The report as one page that needs nothing beside it: pictures are inside.
 * @param pictures PNG bytes by the names that the report uses
 */
export function reportHtml(report: InspectionReport, pictures: ReadonlyMap<string, Uint8Array>): string {
  const { start, steps, end } = report;
  const { schedule } = start;
  const uri = (name: string): string =>
    `data:image/png;base64,${Buffer.from(pictures.get(name) ?? new Uint8Array()).toString('base64')}`;
  const image = (name: string, alt: string, kind = ''): string =>
    `<img class="${kind}" alt="${escape(alt)}" src="${uri(name)}">`;
  const facts: readonly (readonly [string, string])[] = [
    ['Model', report.model],
    ['Size', `${start.width} × ${start.height}, latents ${start.latents.shape.join(' × ')}`],
    ['Noise', start.noiseOf],
    [
      'Scheduler',
      `${schedule.scheduler}, ${schedule.timesteps.length} evaluations${schedule.skipped > 0 ? `, the first ${schedule.skipped} left out` : ''}`,
    ],
    ['Guidance', start.negative === null ? 'off' : `scale ${short(start.guidanceScale)}`],
    ['Starting sigma', short(schedule.initNoiseSigma)],
    [
      'Stored frame',
      end.equalsStored === null
        ? 'not in the cache'
        : end.equalsStored
          ? 'bit for bit the same latents'
          : 'DIFFERENT latents',
    ],
  ];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(report.project)}, frame ${start.frame}: the diffusion loop</title>
<style>${REPORT_STYLE}</style>
<header>
${image(end.picture, 'The finished frame', 'picture')}
<div><p class="over">The diffusion loop</p><h1>${escape(report.project)}, frame ${start.frame}</h1>
<dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd>${escape(value)}</dd>`).join('')}</dl>
${end.notes.map((note) => `<p class="note">${escape(note)}</p>`).join('')}</div>
</header>
<section><h2>Prompts as tokens</h2>${start.texts.map(textSection).join('')}</section>
<section><h2>Embeddings</h2>
<p class="hint">One row a token, one column a component; dark is low, bright is high. Padding rows differ because positions are part of what is encoded.</p>
<div class="maps">${start.texts.map(({ text, embedding }) => mapFigure(text === '' ? '(empty prompt)' : text, embedding)).join('')}
${mapFigure('What the model is given: prompt', start.prompt)}${start.negative === null ? '' : mapFigure('What the model is given: negative', start.negative)}</div></section>
<section><h2>Schedule</h2>
<div class="plot">${sigmaPlot(start)}</div>
<div class="wide"><table><tr><th>step</th>${schedule.timesteps.map((_, i) => `<td>${i + 1}</td>`).join('')}<td>end</td></tr>
<tr><th>timestep</th>${schedule.timesteps.map((t) => `<td>${short(t)}</td>`).join('')}<td></td></tr>
<tr><th>sigma</th>${schedule.sigmas.map((sigma) => `<td>${short(sigma)}</td>`).join('')}</tr></table></div></section>
<section><h2>Starting noise</h2><div class="pair">${latentFigure('Noise of the seed, unit variance', start.noise)}${latentFigure(`Scaled by ${short(schedule.initNoiseSigma)}: the starting latents`, start.latents)}</div></section>
<section><h2>Step by step</h2>
<p class="hint">Left the latents after the step, beside them the noise that the model sees in them, then the picture that this prediction stands for. ${Object.keys(report.decoded).length > 0 ? "Colours are the model's own decoder's." : 'Colours are a quick approximation; --decode shows the decoder’s.'}</p>
${steps
  .map(
    (
      step,
    ) => `<article><h3>Step ${step.step} <small>timestep ${short(step.timestep)}, sigma ${short(step.sigma)} → ${short(step.sigmaNext)}</small></h3>
<div class="three">${SHOWN.map(({ tensor, file, title }) => latentFigure(title, step[tensor], report.decoded[stepName(step.step, file)])).join('')}</div>
<details><summary>Model input, and what the model answered (it predicts ${predictionWord(schedule.prediction)})</summary><div class="three">
${latentFigure('Scaled model input', step.input)}${latentFigure('Answer after guidance', step.guided)}${latentFigure('With the prompt', step.conditional)}${step.unconditional === null ? '' : latentFigure('With the negative prompt', step.unconditional)}</div></details></article>`,
  )
  .join('\n')}</section>
<section><h2>Final latents</h2><div class="pair">${latentFigure('Before the decoder', end.latents)}<figure>${image(end.picture, 'The finished frame', 'picture')}<figcaption>Decoded</figcaption></figure></div></section>
</html>
`;

  function textSection({ text, uses, encoders }: (typeof start.texts)[number]): string {
    return `<h3>${text === '' ? '<i>empty</i>' : escape(text)} <small>${uses.join(', ')}</small></h3>${encoders
      .map(({ encoder, contextLength, chunks, cut }) => {
        const runs = chunks.map((chunk) => {
          const padding = chunk.filter(({ role }) => role === 'padding');
          const chips = chunk.filter(({ role }) => role !== 'padding').map(chip);
          const rest =
            padding.length === 0
              ? ''
              : `<span class="token padding">${padding.length} × padding <b>${padding[0]?.id}</b></span>`;
          return `<div class="tokens">${chips.join('')}${rest}</div>`;
        });
        const lost =
          cut.length === 0
            ? ''
            : `<p class="note">Left out, the encoder reads ${contextLength} tokens:</p><div class="tokens cut">${cut.map(({ id, piece }) => `<span class="token"><i>${escape(piece)}</i><b>${id}</b></span>`).join('')}</div>`;
        return `<p class="over">${escape(encoder)}, ${contextLength} tokens</p>${runs.join('')}${lost}`;
      })
      .join('')}`;
  }

  function chip({
    id,
    piece,
    role,
    weight,
  }: (typeof start.texts)[number]['encoders'][number]['chunks'][number][number]): string {
    const stress = weight === 1 ? '' : `<em>× ${short(weight)}</em>`;
    return `<span class="token ${role}"><i>${escape(piece)}</i><b>${id}</b>${stress}</span>`;
  }

  function mapFigure(title: string, view: EmbeddingView): string {
    const { mean, std, min, max, norm } = view.statistics;
    return `<figure>${image(view.map.picture, `Heat map of ${title}`, 'map')}<figcaption>${escape(title)}<br><span class="numbers">${view.shape.join(' × ')}, mean ${short(mean)}, std ${short(std)}, ${short(min)} to ${short(max)}, norm ${short(norm)}</span></figcaption><details><summary>First values</summary><table>${view.head.map((row) => `<tr>${row.map((value) => `<td>${short(value)}</td>`).join('')}<td>…</td></tr>`).join('')}</table></details></figure>`;
  }

  function latentFigure(title: string, view: LatentView, decoded?: string): string {
    const colours = decoded ?? view.colours;
    const { mean, std, min, max } = view.statistics;
    const rows = view.channels
      .map(
        (channel, i) =>
          `<tr><td>${i}</td><td>${short(channel.mean)}</td><td>${short(channel.std)}</td><td>${short(channel.min)}</td><td>${short(channel.max)}</td></tr>`,
      )
      .join('');
    return `<figure><div class="views">${colours === null ? '' : image(colours, `${title} in colours`, decoded === undefined ? 'colours rough' : 'colours')}${image(view.tiles.picture, `${title}, channel by channel`, 'tiles')}</div>
<figcaption>${escape(title)}<br><span class="numbers">mean ${short(mean)}, std ${short(std)}, ${short(min)} to ${short(max)}; white is ${short(view.tiles.scale)}</span></figcaption>${bars(view)}
<details><summary>Channels</summary><table><tr><th>channel</th><th>mean</th><th>std</th><th>min</th><th>max</th></tr>${rows}</table></details></figure>`;
  }

  function bars({ histogram: { counts, from, to } }: LatentView): string {
    const top = Math.max(...counts, 1);
    const path = counts.map((count, i) => `M${i + 0.5} 24V${(24 - (count / top) * 23).toFixed(2)}`).join('');
    return `<svg class="bars" viewBox="0 0 ${counts.length} 24" preserveAspectRatio="none" role="img" aria-label="Histogram from ${short(from)} to ${short(to)}"><path d="${path}"/></svg>`;
  }
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
