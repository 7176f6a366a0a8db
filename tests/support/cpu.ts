// How much a piece of work costs this process, whatever else the machine is doing: its own processor time, never the wall clock.

/** Milliseconds of processor time that this process has used, all its threads together. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
