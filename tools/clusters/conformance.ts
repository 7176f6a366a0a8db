// The part of docs/conformance.md that follows from clusters/: what each device has of each cluster.
import type { Cluster } from "../../host/zcl/descriptor.ts";
import type { Device, Instance } from "../../host/zcl/instances.ts";
import { hex } from "./text.ts";

const BEGIN = "<!-- npm run clusters: from here -->";
const END = "<!-- npm run clusters: to here -->";

function has({ attributes, commands, cluster, role }: Instance): string {
  const own = cluster.attributes.filter(({ client }) => client === (role === "client"));
  const missing = own.filter((one) => one.mandatory && !attributes.some(({ attribute }) => attribute === one));
  const parts = [`${attributes.length} attributes`];
  if (role === "server" && missing.length > 0) parts[0] += ` (not ${missing.map(({ name }) => name).join(", ")})`;
  if (commands.length > 0) parts.push(commands.map(({ name }) => name).join(", "));
  return parts.join("; ");
}

function rows(cluster: Cluster, devices: Device[]): string[] {
  const found = devices.flatMap(({ key, endpoints }) =>
    endpoints.flatMap(({ instances }) =>
      instances.filter((one) => one.cluster === cluster && one.role !== "none").map((one) => ({ key, text: has(one), role: one.role })),
    ),
  );
  const same = new Map<string, string[]>();
  for (const { key, text, role } of found) {
    const line = `${role} | ${text}`;
    same.set(line, [...(same.get(line) ?? []), key]);
  }
  const head = `| ${hex(cluster.id, 4)} ${cluster.name} | ${cluster.document} |`;
  if (same.size === 0) return [`${head} none | - | ${cluster.commands.length} commands described, for the codec and its tests |`];
  return [...same].map(([line, keys]) => `${head} ${keys.join(", ")} | ${line} |`);
}

export function conformanceText(page: string, clusters: Cluster[], devices: Device[]): string {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`docs/conformance.md: put "${BEGIN}" and "${END}" around the table of clusters`);
  const table = ["| cluster | clause | devices | role | what |", "|---|---|---|---|---|", ...clusters.flatMap((one) => rows(one, devices))];
  return `${page.slice(0, from + BEGIN.length)}\n\n${table.join("\n")}\n\n${page.slice(to)}`;
}
