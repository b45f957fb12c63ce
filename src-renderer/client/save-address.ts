/** Lets the user keep what an address of the host gives: a download, or the desktop's dialog for saving. */
export function saveAddress(address: string, name: string): void {
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}
