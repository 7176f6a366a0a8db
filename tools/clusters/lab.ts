// tests/labs/sep1/commands.ts: the tokens of every command of every cluster, for the walker's own tests.  No device links it.
import type { Cluster } from "../../host/zcl/descriptor.ts";
import { tokensOf } from "../../host/zcl/tokens.ts";
import { HEAD, hex, wrapped } from "./text.ts";

export function labFile(clusters: Cluster[]): string {
  const rows = clusters.flatMap((cluster) =>
    cluster.commands.flatMap((command) => {
      const head = [cluster.id & 0xff, cluster.id >> 8, command.to === "client" ? 1 : 0, command.id];
      const octets = [...head, ...tokensOf(command, cluster.key)].map((octet) => hex(octet));
      const [first, ...more] = wrapped("  ", octets, `, // ${cluster.key}.${command.name}`);
      return more.length === 0 ? [first] : [`  // ${cluster.key}.${command.name}`, ...more.slice(0, -1)];
    }),
  );
  return [
    `// Every command of every cluster.  ${HEAD}`,
    "//",
    "//   | cluster u16 | 1 to the client | command | count of tokens | tokens ... | ... | 0xffff |",
    "const table = memory.data<u8>([",
    ...rows,
    "  0xff, 0xff,",
    "]);",
    "",
    "/** The tokens of a command, or 0. */",
    "export function tokensOf(cluster: u32, toClient: bool, command: u32): usize {",
    "  for (let at = table; load<u16>(at) != 0xffff; at += 5 + load<u8>(at, 4)) {",
    "    if (load<u16>(at) == cluster && load<u8>(at, 2) == <u8>toClient && load<u8>(at, 3) == command) return at + 4;",
    "  }",
    "  return 0;",
    "}",
    "",
  ].join("\n");
}
