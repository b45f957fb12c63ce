import type { InspectionStart } from '../../../src-shared/contract/inspection.ts';

const WIDTH = 640;
const HEIGHT = 320;
const MARGIN = { left: 58, right: 20, top: 36, bottom: 46 };
const FONT = 'DejaVu Sans, Inter, system-ui, sans-serif';

/**
 * The noise schedule as SVG: sigma before every evaluation and after the last one, over the sampling step. The axis is
 * linear, as such plots are in the literature; dots are the evaluations.
 */
export function sigmaPlot({ schedule }: Pick<InspectionStart, 'schedule'>): string {
  const { sigmas, scheduler, timesteps } = schedule;
  const finite = sigmas.filter(Number.isFinite);
  const top = niceTop(Math.max(...finite, 1e-6));
  const last = Math.max(1, sigmas.length - 1);
  const x = (step: number): number => MARGIN.left + (step / last) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (sigma: number): number =>
    HEIGHT - MARGIN.bottom - (Math.min(sigma, top) / top) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const points = sigmas.map((sigma, i) => `${x(i).toFixed(1)},${y(sigma).toFixed(1)}`);
  const heights = [0, 0.25, 0.5, 0.75, 1].map((share) => share * top);
  const every = Math.max(1, Math.ceil(last / 10));
  const steps = sigmas.map((_, i) => i).filter((i) => i % every === 0);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="${FONT}" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${MARGIN.left}" y="22" font-size="14" font-weight="600" fill="#191b1f">Noise schedule: ${escape(scheduler)}, ${timesteps.length} evaluations</text>`,
    ...heights.map(
      (height) =>
        `<path d="M${MARGIN.left} ${y(height).toFixed(1)}H${WIDTH - MARGIN.right}" stroke="#d0d4da"/><text x="${MARGIN.left - 8}" y="${(y(height) + 4).toFixed(1)}" text-anchor="end" fill="#4b515b">${tick(height)}</text>`,
    ),
    ...steps.map(
      (step) =>
        `<text x="${x(step).toFixed(1)}" y="${HEIGHT - MARGIN.bottom + 18}" text-anchor="middle" fill="#4b515b">${step}</text>`,
    ),
    `<text x="${(MARGIN.left + WIDTH - MARGIN.right) / 2}" y="${HEIGHT - 10}" text-anchor="middle" fill="#4b515b">Sampling step</text>`,
    `<text transform="translate(16 ${(HEIGHT - MARGIN.bottom + MARGIN.top) / 2}) rotate(-90)" text-anchor="middle" fill="#4b515b">sigma</text>`,
    `<polyline points="${points.join(' ')}" fill="none" stroke="#a85f10" stroke-width="2"/>`,
    ...sigmas.map(
      (sigma, i) =>
        `<circle cx="${x(i).toFixed(1)}" cy="${y(sigma).toFixed(1)}" r="3" fill="#a85f10"><title>step ${i}: sigma ${tick(sigma)}${timesteps[i] === undefined ? '' : `, timestep ${tick(timesteps[i])}`}</title></circle>`,
    ),
    '</svg>',
    '',
  ].join('\n');
}

/** The next of 1, 1.5, 2, 3, 5, 8 times a power of ten. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 1.5, 2, 3, 5, 8].find((step) => step * power >= value) ?? 10) * power;
}

function tick(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
