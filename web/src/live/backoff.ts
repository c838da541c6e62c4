/** Full jitter: anything from nothing to 0.5 s x 2^attempt, 30 s at most, so that many clients come back spread out. */
export function backoff(attempt: number, random: () => number, base = 500, cap = 30_000): number {
  return random() * Math.min(cap, base * 2 ** Math.min(attempt, 30));
}
