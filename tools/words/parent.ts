// npm and npx run a program in a shell, and a signal that ends them ends that shell and not the program: it ends itself.

const LOOK_MS = 500;

/** With a word of npm's in the environment: who loses its parent is told to end, as by the signal that never came. */
export function endWithParent(environment: NodeJS.ProcessEnv = process.env): void {
  if (environment.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGTERM");
  }, LOOK_MS);
  timer.unref();
}
