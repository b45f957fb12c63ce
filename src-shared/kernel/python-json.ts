/**
 * Parses JSON as Python's `json` module writes it: besides standard JSON it has the bare words `Infinity`, `-Infinity`
 * and `NaN` (diffusers writes `"lambda_min_clipped": -Infinity`). They come back as strings of the same spelling, since
 * the rest of the program expects plain JSON values.
 * @throws {SyntaxError} for everything else that is not JSON
 */
export function parsePythonJson(text: string): unknown {
  return JSON.parse(
    text.replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (token) =>
      token.startsWith('"') ? token : `"${token}"`,
    ),
  );
}
