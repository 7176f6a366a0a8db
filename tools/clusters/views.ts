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

/**
 * Getters of the fields whose place is the same in every payload.  What follows one counted string is a view of its own, `Behind`: the string is
 * passed once and not for each field.
 */
function view(command: Command): string[] {
  const name = pascal(command.name);
  const head: string[] = [];
  const behind: string[] = [];
  const places = offsets(command.fields);
  let place: number | undefined;
  command.fields.forEach((field, index) => {
    const rest = place !== undefined;
    place ??= places[index];
    if (place === undefined) return;
    const getters = gettersOf(field, place, rest);
    const kind = field.count ? undefined : kindOf(field);
    const into = rest ? behind : head;
    into.push(...getters.filter((getter) => !into.includes(getter)));
    if (rest && kind) place += field.size;
    else if (!rest && STRINGS[field.type] < 0x43 && !field.if && command.fields.length > index + 1) {
      head.push(`  get behind(): ${name}Behind { return changetype<${name}Behind>(this.${field.name} + this.${field.name}Size); }`);
      place = 0;
    } else place = undefined;
  });
  if (head.length === 0) return [];
  return [
    `/** ${hex(command.id)} to the ${command.to}. */`,
    ...classOf(name, head),
    ...(behind.length > 0
      ? [`/** The fields behind the string; their presence is judged by the payload's end. */`, ...classOf(`${name}Behind`, behind)]
      : []),
  ];
}

function gettersOf(field: Field, place: number, rest: boolean): string[] {
  const kind = field.count ? undefined : kindOf(field);
  const at = place === 0 ? THIS : `${THIS} + ${place}`;
  if (field.type in STRINGS && !kind)
    return [
      `  get ${field.name}Size(): u32 { return zclStringSize(${at}); }`,
      `  get ${field.name}(): usize { return ${THIS} + ${place + 1}; }`,
    ];
  if (!kind) return [`  get ${field.name}(): usize { return ${at}; }`];
  const getter = `  get ${field.name}(): ${kind.type} { return ${kind.load(THIS, place)}; }`;
  if (!field.optional || field.if) return [getter];
  const size = place + field.size;
  const known = rest ? `end: usize): bool { return ${THIS} + ${size} <= end` : `known: u32): bool { return ${size} <= known`;
  return [getter, `  has${pascal(field.name)}(${known}; }`];
}

function classOf(name: string, members: string[]): string[] {
  return ["@unmanaged @final", `export class ${name} {`, ...members, "}", ""];
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
