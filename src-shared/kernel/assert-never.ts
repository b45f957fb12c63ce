/** Closes a `switch` over a union: the compiler proves that every member was handled. */
export function assertNever(value: never): never {
  throw new Error(`Unhandled case: ${JSON.stringify(value)}`);
}
