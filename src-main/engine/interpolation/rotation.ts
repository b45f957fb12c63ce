/**
 * cos and sin of an angle in turns. Whole turns do not count and quarters are exact, so that a loop's last frame is
 * its first, bit for bit.
 */
export function rotation(turns: number): readonly [cos: number, sin: number] {
  const quarters = (turns - Math.floor(turns)) * 4;
  switch (quarters) {
    case 0:
    case 4:
      return [1, 0];
    case 1:
      return [0, 1];
    case 2:
      return [-1, 0];
    case 3:
      return [0, -1];
    default:
      return [Math.cos((quarters * Math.PI) / 2), Math.sin((quarters * Math.PI) / 2)];
  }
}
