// assembly/sep1/descriptors/CLUSTER.ts: identifiers, and of each command that a device takes or says a view and an emitter.
import { type Attribute, type Cluster, type Command, type Field, STRINGS } from "../../host/zcl/descriptor.ts";
import type { Device } from "../../host/zcl/instances.ts";
import { offsets } from "../../host/zcl/tokens.ts";
import { HEAD, hex, pascal, upper, wrapped } from "./text.ts";

interface Kind {
  type: string;
  /** The expression that loads the field of the view at `at`. */
  load: (at: string, offset: number) => string;
  store: (at: string, name: string, offset: number) => string;
}

const shift = (offset: number): string => (offset === 0 ? "" : `, ${offset}`);
const plain = (type: string, memory: string): Kind => ({
  type,
  load: (at, offset) => `load<${memory}>(${at}${shift(offset)})`,
  store: (at, name, offset) => `store<${memory}>(${at}, ${name}${shift(offset)});`,
});

function kindOf(field: Field): Kind | undefined {
  const signed = field.type.startsWith("int");
  switch (field.size) {
    case 1:
      return plain(signed ? "i32" : "u32", signed ? "i8" : "u8");
    case 2:
      return plain(signed ? "i32" : "u32", signed ? "i16" : "u16");
    case 4:
      return plain(signed ? "i32" : "u32", signed ? "i32" : "u32");
    case 8:
      return plain("u64", "u64");
    case 3:
      return {
        type: "u32",
        load: (at, offset) => `<u32>load<u16>(${at}${shift(offset)}) | <u32>load<u8>(${at}, ${offset + 2}) << 16`,
        store: (at, name, offset) => `store<u16>(${at}, ${name}${shift(offset)}); store<u8>(${at}, ${name} >>> 16, ${offset + 2});`,
      };
    case 6:
      return {
        type: "u64",
        load: (at, offset) => `<u64>load<u32>(${at}${shift(offset)}) | <u64>load<u16>(${at}, ${offset + 4}) << 32`,
        store: (at, name, offset) => `store<u32>(${at}, ${name}${shift(offset)}); store<u16>(${at}, ${name} >>> 32, ${offset + 4});`,
      };
  }
  return undefined;
}

const THIS = "changetype<usize>(this)";

/** Getters of the fields whose place is the same in every payload, and of those behind one counted string. */
function view(command: Command): string[] {
  const out: string[] = [];
  const seen = new Set<string>();
  const places = offsets(command.fields);
  let base = THIS;
  let behind: number | undefined;
  command.fields.forEach((field, index) => {
    const place = behind ?? places[index];
    if (place === undefined) return;
    const kind = field.count ? undefined : kindOf(field);
    const at = place === 0 ? base : `${base} + ${place}`;
    const getters: string[] = [];
    if (kind) getters.push(`get ${field.name}(): ${kind.type} { return ${kind.load(base, place)}; }`);
    else if (field.type in STRINGS) {
      getters.push(`get ${field.name}Size(): u32 { return zclStringSize(${at}); }`);
      getters.push(`get ${field.name}(): usize { return ${base} + ${place + 1}; }`);
    } else getters.push(`get ${field.name}(): usize { return ${at}; }`);
    if (field.optional && !field.if && kind) {
      getters.push(`has${pascal(field.name)}(known: u32): bool { return ${base} + ${place + field.size} <= ${THIS} + known; }`);
    }
    for (const getter of getters) if (!seen.has(getter)) out.push(`  ${getter}`);
    for (const getter of getters) seen.add(getter);
    if (kind && behind !== undefined) behind += field.size;
    else if (STRINGS[field.type] < 0x43 && !field.if && behind === undefined && command.fields.length > index + 1) {
      out.push(`  get after${pascal(field.name)}(): usize { return this.${field.name} + this.${field.name}Size; }`);
      base = `this.after${pascal(field.name)}`;
      behind = 0;
    } else if (behind !== undefined) behind = undefined;
  });
  if (out.length === 0) return [];
  return [
    `/** ${hex(command.id)} to the ${command.to}. */`,
    "@unmanaged @final",
    `export class ${pascal(command.name)} {`,
    ...out,
    "}",
    "",
  ];
}

/** One emitter, or where the value of a field chooses between layouts one for each. */
function emitters(command: Command): string[] {
  const choices = command.fields.flatMap((field) => (field.if?.test === "==" ? [field.if] : []));
  const values = [...new Set(choices.map(({ value }) => value))];
  if (values.length === 0) return emitter(command, `${command.name}Emit`, () => undefined);
  const selector = choices[0].field;
  return values.flatMap((value) => {
    const name = `${command.name}${pascal(selector)}${value.toString(16)}Emit`;
    const fields = command.fields
      .filter((field) => !field.if || field.if.value === value)
      .map((field) => ({ ...field, if: undefined, optional: false }));
    return emitter({ ...command, fields }, name, (field) => (field.name === selector ? hex(value) : undefined));
  });
}

/** Writes what has to be there, conditional fields as their selector says, and nothing that is optional alone. */
function emitter(command: Command, name: string, constantOf: (field: Field) => string | undefined): string[] {
  const fields = command.fields.slice(0, command.fields.findIndex((field) => field.optional && !field.if) >>> 0);
  if (fields.length === 0 || fields.some((field) => field.count || field.type === "rest" || field.type === "octets")) return [];
  const parameters = new Map<string, string>();
  const body: string[] = [];
  let open = "";
  let at = 0;
  let moved = false;
  const close = (indent: string): void => {
    if (at > 0) body.push(`${indent}to += ${at};`);
    if (at > 0) moved = true;
    at = 0;
  };
  for (const field of fields) {
    const test = field.if ? `${field.if.field} ${field.if.test} ${field.if.value}` : "";
    if (test !== open) {
      close(open ? "    " : "  ");
      if (open) body.push("  }");
      if (test) body.push(`  if (${test}) {`);
      open = test;
    }
    const indent = open ? "    " : "  ";
    const kind = kindOf(field);
    if (kind) {
      const fixed = constantOf(field);
      if (fixed === undefined) parameters.set(field.name, kind.type);
      body.push(`${indent}${kind.store("to", fixed ?? field.name, at)}`);
      at += field.size;
      continue;
    }
    parameters.set(field.name, "usize").set(`${field.name}Size`, "u32");
    body.push(
      `${indent}store<u8>(to, ${field.name}Size${shift(at)});`,
      `${indent}memory.copy(to + ${at + 1}, ${field.name}, ${field.name}Size);`,
    );
    body.push(`${indent}to += ${at + 1} + ${field.name}Size;`);
    at = 0;
    moved = true;
  }
  if (open) {
    close("    ");
    body.push("  }");
  }
  const answer = moved ? `<u32>(to - at)${at ? ` + ${at}` : ""}` : String(at);
  const list = [...parameters].map(([name, type]) => `${name}: ${type}`);
  return [
    ...wrapped(`export function ${name}(`, ["at: usize", ...list], "): u32 {"),
    ...(moved ? ["  let to = at;", ...body] : body.map((line) => line.replaceAll("(to", "(at"))),
    `  return ${answer};`,
    "}",
    "",
  ];
}

const constant = (cluster: Cluster, { id, name }: Attribute | Command, digits: number): string =>
  `export const ${upper(cluster.key)}_${upper(name)}: u32 = ${hex(id, digits)};`;

/** The commands of a cluster that any device takes or says. */
export function spoken(cluster: Cluster, devices: Device[]): Command[] {
  const rows = devices.flatMap(({ endpoints }) => endpoints.flatMap(({ instances }) => instances));
  const names = new Set(rows.filter((row) => row.cluster === cluster).flatMap((row) => [...row.commands, ...row.sends]));
  return cluster.commands.filter((command) => names.has(command));
}

/** The attributes of a cluster that any device has. */
function had(cluster: Cluster, devices: Device[]): Attribute[] {
  const rows = devices.flatMap(({ endpoints }) => endpoints.flatMap(({ instances }) => instances));
  const names = new Set(
    rows.filter((row) => row.cluster === cluster).flatMap((row) => row.attributes.map(({ attribute }) => attribute.name)),
  );
  return cluster.attributes.filter(({ name }) => names.has(name));
}

export function viewFile(cluster: Cluster, devices: Device[]): string {
  const commands = spoken(cluster, devices);
  const body = commands.flatMap((command) => [...view(command), ...emitters(command)]);
  const strings = body.some((line) => line.includes("zclStringSize"));
  return [
    `// ${cluster.name}: ${cluster.document}.  ${HEAD}`,
    ...(strings ? ['import { zclStringSize } from "../../zigbee/zcl/walk";'] : []),
    "",
    ...had(cluster, devices).map((attribute) => constant(cluster, attribute, 4)),
    "",
    ...commands.map((command) => `${constant(cluster, command, 2)} // to the ${command.to}`),
    "",
    ...body,
  ]
    .join("\n")
    .replaceAll(/\n{2,}/g, "\n\n")
    .replace(/\n*$/, "\n");
}

export function clustersFile(clusters: Cluster[]): string {
  return [
    `// Cluster identifiers.  ${HEAD}`,
    "",
    ...clusters.map((cluster) => `export const CLUSTER_${upper(cluster.key)}: u32 = ${hex(cluster.id, 4)}; // ${cluster.name}`),
    "",
  ].join("\n");
}
