/** One reading at a time: calls that come while one is under way are answered by one more after it. @param read throws nothing. */
export function oneAtATime(read: () => Promise<void>): () => Promise<void> {
  let reading: Promise<void> | null = null;
  let again = false;
  return function call(): Promise<void> {
    if (reading !== null) {
      again = true;
      return reading;
    }
    reading = read().finally(() => {
      reading = null;
      if (!again) return;
      again = false;
      void call();
    });
    return reading;
  };
}
