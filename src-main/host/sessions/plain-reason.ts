import { messageOf } from '../../../src-shared/kernel/errors.ts';

/** One line of an error; ONNX Runtime prefixes its messages with its own source position and assertion. */
export function plainReason(error: unknown): string {
  const message = messageOf(error);
  const line = message.trim().split('\n')[0] ?? message;
  const afterAssertion = line.split(' was false. ').at(-1) ?? line;
  return afterAssertion.replace(/^\/onnxruntime_src\/\S+\s+/, '').slice(0, 300);
}
