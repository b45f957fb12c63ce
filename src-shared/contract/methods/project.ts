import { z } from 'zod';
import { commandSchema } from '../../model/commands.ts';
import { mutation, query } from '../method.ts';
import {
  assetInfo,
  changeResult,
  documentInput,
  documentValue,
  hostPath,
  projectId,
  projectState,
  revision,
} from '../values.ts';

const onProject = z.strictObject({ project: projectId });
const gestureName = z.string({ error: 'the name of a gesture' }).min(1).max(64);
const amount = z.object({ count: z.int(), bytes: z.int() });

/** Commands that are made together: one step of undo, all of them or none. */
export const commandList = z
  .array(commandSchema, { error: '1 to 1,000 commands' })
  .min(1, { error: '1 to 1,000 commands' })
  .max(1000, { error: '1 to 1,000 commands' });

export const projectMethods = {
  /**
   * Makes a new `.inbetween` file out of a document, or out of what `from` holds: a project of either kind or an
   * exported file that carries one. Opens it. Without `file` it gets a name of its own in the projects' folder.
   */
  'project.create': mutation(
    z.union([
      z.strictObject({ file: hostPath.exactOptional(), document: documentInput }),
      z.strictObject({ file: hostPath.exactOptional(), from: hostPath }),
    ]),
    projectState.extend({
      /** What the user should know of how it was made: where its sound comes from. */
      notes: z.array(z.string()).readonly(),
    }),
  ),
  /** A project that is open already is shared: all its windows see each other's changes. */
  'project.open': mutation(z.strictObject({ file: hostPath }), projectState),
  /** This connection leaves the project; it is closed when the last one has left and its jobs are over. */
  'project.close': mutation(onProject, z.object({})),
  'project.info': query(
    onProject,
    z.object({
      file: z.string(),
      name: z.string(),
      frames: z.int(),
      /** Null while its model cannot be loaded. */
      cachedFrames: z.int().nullable(),
      problem: z.string().nullable(),
      usage: z.object({
        frames: amount,
        latents: amount,
        embeddings: amount,
        assets: amount,
        fileBytes: z.int(),
        freeBytes: z.int(),
      }),
    }),
  ),
  'project.document': query(onProject, projectState),
  /**
   * Changes the document. `revision` is the one that the commands were made for; another answers with a
   * `storage-failed` error whose data.reason is `stale-revision`. Commands with the same `gesture` become one step
   * of undo, until something else changes the document or the gesture ends.
   */
  'project.command': mutation(
    z.strictObject({
      project: projectId,
      revision,
      commands: commandList,
      /** For the undo menu; the last command's own label by default. */
      label: z.string().min(1).max(200).exactOptional(),
      gesture: gestureName.exactOptional(),
    }),
    changeResult,
  ),
  /** Ends a gesture (a drag, typing in a field); `cancel` takes it back (Esc). Harmless when it is over. */
  'project.endGesture': mutation(
    z.strictObject({ project: projectId, gesture: gestureName, cancel: z.boolean().exactOptional() }),
    changeResult,
  ),
  'project.undo': mutation(onProject, changeResult),
  'project.redo': mutation(onProject, changeResult),
  'project.assets': query(onProject, z.object({ assets: z.array(assetInfo).readonly() })),
  /**
   * Brings pictures along for keys that are pasted from another project (`from`, its file on the host): the SHA-256 in
   * this project of each that was found there or was here already.
   */
  'project.copyAssets': mutation(
    z.strictObject({
      project: projectId,
      from: hostPath.exactOptional(),
      assets: z.array(z.string().min(1).max(1024)).max(1000),
    }),
    z.object({ found: z.record(z.string(), z.string()) }),
  ),
  /** Copies a picture of the host's machine into the project. Browsers send theirs to `/asset`. */
  'project.importAsset': mutation(z.strictObject({ project: projectId, file: hostPath }), assetInfo),
  /** Drops rendered frames and other cached results. Refused while jobs of the project run. */
  'project.slim': mutation(onProject, z.object({ bytesBefore: z.int(), bytesAfter: z.int() })),
  /** The document that a file holds or carries, without opening it. */
  'project.peek': query(z.strictObject({ file: hostPath }), z.object({ document: documentValue })),
};
