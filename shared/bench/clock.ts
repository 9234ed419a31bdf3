/**
 * Milliseconds since the epoch with their fraction, for times that processes of one machine compare:
 * each reads the system's clock once, at its start, and counts on with the monotonic one.
 */
export const epochNow = (): number => performance.timeOrigin + performance.now();
