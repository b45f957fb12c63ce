import { Command, CommanderError } from 'commander';
import { exitStatusOf, messageOf } from '../../src-shared/kernel/errors.ts';
import type { CliContext } from './context.ts';
import { addClassifyCommand } from './classify-command.ts';
import { addContrastCommand } from './contrast-command.ts';
import { addEvenCommand } from './even-command.ts';
import { addGridCommand } from './grid-command.ts';
import { addImageCommand } from './image-command.ts';
import { addInspectCommand } from './inspect-command.ts';
import { addModelsCommand } from './models-command.ts';
import { addPresetsCommand } from './presets-command.ts';
import { addProjectCommand } from './project-command.ts';
import { addRankCommand } from './rank-command.ts';
import { addRenderCommand } from './render-command.ts';
import { addServeCommand } from './serve-command.ts';

const EXAMPLES = `
Examples
  Render the example morph that comes with Inbetween, then look at it again at once from the cache:
    inbetween render resources/examples/red-cat-to-blue-dog.json --out morph.gif
    inbetween render resources/examples/red-cat-to-blue-dog.json --out morph.mp4 --preset social-square
  One picture, and the same one again:
    inbetween image --model fluent-world --prompt "red cat, 4k photo" --seed 1632 --out cat.png
  A 2-D grid between four prompts:
    inbetween grid resources/examples/four-way-grid.json --out grid.jpg --width 1050
  The same morph without leaps, then as a film:
    inbetween even resources/examples/red-cat-to-blue-dog.json --out even.json
    inbetween render even.json --out even.mp4
  The diffusion loop of one frame, step by step, as a page to read:
    inbetween inspect resources/examples/red-cat-to-blue-dog.json --frame 12 --out loop
  Which of these pictures fits the words best?
    inbetween rank --prompt "red cat at the beach" a.png b.png c.png
  Get the project back out of an exported file:
    inbetween project from-json morph.gif --out morph.inbetween

Exit status: 0 done, 1 failed, 2 the input is wrong, 130 cancelled.
Rendered frames are kept: an edit renders only the frames that it changed. JSON projects share a cache in the
user's cache folder (INBETWEEN_CACHE_DIR moves it); .inbetween projects carry their frames inside.`;

/** @returns the exit status */
export async function runProgram(context: CliContext, args: readonly string[]): Promise<0 | 1 | 2 | 130> {
  const program = new Command('inbetween')
    .description('Keyframed prompt-morph videos, rendered locally.')
    .version(context.version)
    .showHelpAfterError('(add --help for what it takes)')
    .addHelpText('after', EXAMPLES)
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    })
    .exitOverride();
  addImageCommand(program, context);
  addRenderCommand(program, context);
  addGridCommand(program, context);
  addEvenCommand(program, context);
  addInspectCommand(program, context);
  addRankCommand(program, context);
  addClassifyCommand(program, context);
  addContrastCommand(program, context);
  addModelsCommand(program, context);
  addProjectCommand(program, context);
  addPresetsCommand(program, context);
  addServeCommand(program, context);
  try {
    await program.parseAsync(args, { from: 'user' });
    return process.exitCode === 2 ? 2 : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (context.signal.aborted) {
      context.stderr.write('Cancelled. What was rendered is kept; the same command goes on from there.\n');
      return 130;
    }
    context.stderr.write(`Error: ${messageOf(error)}\n`);
    return exitStatusOf(error);
  }
}
