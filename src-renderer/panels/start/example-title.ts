/** "red-cat-to-blue-dog.json" -> "Red cat to blue dog". */
export function exampleTitle(file: string): string {
  const name = (file.split(/[/\\]/).at(-1) ?? file).replace(/\.\w+$/, '').replaceAll('-', ' ');
  return name.charAt(0).toUpperCase() + name.slice(1);
}
