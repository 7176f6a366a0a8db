// What a piece of work costs: time of the processor, user and system, of all threads of this process.  Others on the machine do not count.

export function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
