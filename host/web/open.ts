// Opens the page of a run, before the run begins.
import type { Options } from "../home/run_options.ts";
import type { Session } from "../home/session.ts";
import { commandLine } from "./command_line.ts";
import { KeyShelf } from "./key_shelf.ts";
import { WebServer } from "./server.ts";
import { Watch } from "./watch.ts";

/** `words` are those of the command line. */
export async function openPage(session: Session, options: Options, words: readonly string[]): Promise<WebServer> {
  const { home } = session;
  const shelf = new KeyShelf();
  home.keyring.listen(shelf);
  const realTime = home.plan.rows.some(({ board }) => board) || options.zep !== null || !!options.tap;
  const watch = new Watch(session, shelf, { command: commandLine(words, Number(home.medium.seed)), realTime });
  const server = await WebServer.open(watch, options.web?.port ?? null);
  home.status.page = server.url;
  return server;
}
