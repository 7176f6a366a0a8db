// tests/fuzz/seeds/clusters.txt: each command with nothing that may be missing, and with everything.
import { buildPayload, type Value, type Values } from "../../host/zcl/codec.ts";
import { type Cluster, type Command, type Field, STRINGS } from "../../host/zcl/descriptor.ts";
import { HEAD } from "./text.ts";

const HEADER_CONTROL = { server: 0x01, client: 0x09 };

function valueFor(field: Field, full: boolean): Value {
  if (field.type === "list") return valuesFor(field.fields, full);
  if (field.type in STRINGS || field.type === "rest") return full ? Buffer.from("seed") : Buffer.alloc(0);
  if (field.type === "octets") return Buffer.alloc(field.size, 0x5e);
  return field.size === 8 ? 1n : 1;
}

/** Conditions hold or not as the selectors' values happen to be: 1, or where a condition wants it, the first one's. */
function valuesFor(fields: readonly Field[], full: boolean, selected: Record<string, number> = {}): Values {
  const values: Values = {};
  for (const [index, field] of fields.entries()) {
    if (field.optional && !full) continue;
    const chosen = selected[field.name];
    if (field.count === undefined) values[field.name] = chosen ?? valueFor(field, full);
    else {
      const before = fields[index - 1]?.name;
      const times = field.count === "rest" ? (full ? 2 : 0) : Number(values[before] ?? 0) & (field.count === "low" ? 15 : 0xffff);
      values[field.name] = Array.from({ length: times }, () => valueFor(field, full));
    }
  }
  return values;
}

function payloads(command: Command): string[] {
  const conditions = command.fields.flatMap((field) => (field.if ? [field.if] : []));
  const choices = [{}, ...conditions.map(({ field, value }) => ({ [field]: value }))];
  return [
    ...new Set(
      choices.flatMap((choice) =>
        [false, true].map((full) => buildPayload(command, valuesFor(command.fields, full, choice)).toString("hex")),
      ),
    ),
  ];
}

export function seedFile(clusters: Cluster[]): string {
  const lines = clusters.flatMap((cluster) =>
    cluster.commands.flatMap((command) => {
      const head = Buffer.from([cluster.id & 0xff, cluster.id >> 8, HEADER_CONTROL[command.to], 0x5e, command.id]).toString("hex");
      return payloads(command).map((payload) => `${head}${payload} ${cluster.key}.${command.name}`);
    }),
  );
  return [`# ${HEAD}`, "# | cluster u16 | frame |, the command", ...lines, ""].join("\n");
}
