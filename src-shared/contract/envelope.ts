import { z } from 'zod';

/** Chosen by the client, unique among its requests under way. */
export const requestIdSchema = z.union([z.string().min(1).max(64), z.int()]);
export type RequestId = z.infer<typeof requestIdSchema>;

/** What a client sends: a request, or the wish to end one early. */
export const clientMessageSchema = z.union([
  z.strictObject({ id: requestIdSchema, method: z.string().max(64), params: z.unknown().exactOptional() }),
  z.strictObject({ cancel: requestIdSchema }),
]);
export type ClientMessage = z.infer<typeof clientMessageSchema>;

/** An AppError on its way; `code` is one of kernel/errors.ts. */
export const wireErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  data: z.record(z.string(), z.unknown()),
});
export type WireError = z.infer<typeof wireErrorSchema>;

/** The host's first message on every connection. */
export const helloSchema = z.object({
  protocol: z.int(),
  hostVersion: z.string(),
  /** The host's name for this connection: the `client` of events that it caused. */
  client: z.string(),
});
export type Hello = z.infer<typeof helloSchema>;

/** What a host sends. An error whose `id` is null answers a message that could not be read. */
export const hostMessageSchema = z.union([
  z.object({ hello: helloSchema }),
  z.object({ id: requestIdSchema, ok: z.unknown() }),
  z.object({ id: requestIdSchema.nullable(), error: wireErrorSchema }),
  /** `seq` counts the events of this connection from 1, without gaps. */
  z.object({ event: z.string(), seq: z.int().positive(), data: z.unknown() }),
  /** How far a request is; only requests that take long send it. */
  z.object({ progress: requestIdSchema, done: z.number(), total: z.number() }),
]);
