// assembly/sep1/instances/DEVICE.ts: what each device's rows of clusters/instances.json are to assembly/zigbee/zcl.
import { type Cluster, STRINGS, TYPES } from "../../host/zcl/descriptor.ts";
import type { Device, Has, Instance, Reference } from "../../host/zcl/instances.ts";
import { tokensOf } from "../../host/zcl/tokens.ts";
import { camel, clusterName, HEAD, hex, Imports, pascal, wrapped } from "./text.ts";

// As in assembly/zigbee/zcl/instances.ts and attributes.ts
export const ROLE = { none: 0, server: 0x01, client: 0x02 };
const LINK_KEY = 0x04;
const ENDPOINT = 0x08;
const REPORTS = 0x10;
const REPORT = 0x01;
const WRITE = 0x02;
const NUMBER = 0x04;
const TEXT = 0x08;
const END = 0xffff;

/** Where a file of assembly/ is for one in assembly/sep1/instances/. */
const path = (file: string): string => (file.startsWith("sep1/") ? `../${file.slice(5)}` : `../../${file}`);

class Tables {
  readonly imports = new Imports();
  readonly constants: string[] = [];
  private readonly named = new Map<string, string>();

  /** A constant of that content, made where there is none yet. */
  constant(name: string, body: string): string {
    const known = this.named.get(body);
    if (known) return known;
    this.named.set(body, name);
    this.constants.push(`const ${name} = ${body}`);
    return name;
  }

  place({ file, name, field }: Reference): string {
    if (field === undefined) throw new Error(`${file}#${name}: a value lies in a field`);
    this.imports.add(path(file), name, pascal(name));
    return `<u16>(changetype<usize>(${name}) + offsetof<${pascal(name)}>("${field}"))`;
  }

  private value({ value }: Has): string {
    if (value.kind === "number") return String(value.number);
    if (value.kind === "place") return this.place(value.place);
    this.imports.add("../../core/constants", "constantText");
    return `<u16>${this.constant(camel(`text_${value.text.replaceAll(/\W/g, "_")}`), `constantText(${JSON.stringify(value.text)});`)}`;
  }

  attributes(instance: Instance): string {
    if (instance.attributes.length === 0) return "0";
    const rows = instance.attributes.map((has) => {
      const { attribute, value, write } = has;
      const flags =
        (attribute.report ? REPORT : 0) | (write ? WRITE : 0) | (value.kind === "number" ? NUMBER : value.kind === "text" ? TEXT : 0);
      const type = TYPES[attribute.type]?.id ?? STRINGS[attribute.type];
      return `  ${hex(attribute.id, 4)}, ${hex((flags << 8) | type, 4)}, ${this.value(has)}, // ${attribute.name}`;
    });
    const name = `${camel(instance.cluster.key)}Attributes`;
    return `<u16>${this.constant(name, ["memory.data<u16>([", ...rows, `  ${hex(END, 4)},`, "]);"].join("\n"))}`;
  }

  commands(instance: Instance): string {
    if (instance.commands.length === 0) return "0";
    const rows = instance.commands.map((command) => {
      const tokens = tokensOf(command, instance.cluster.key);
      const [first, ...more] = wrapped(
        "  ",
        [command.id, ...tokens].map((octet) => hex(octet)),
        `, // ${command.name}`,
      );
      return more.length === 0 ? first : [`  // ${command.name}`, ...more.slice(0, -1)].join("\n");
    });
    const name = `${camel(instance.cluster.key)}Commands`;
    return `<u16>${this.constant(name, ["memory.data<u8>([", ...rows, "  0xff,", "]);"].join("\n"))}`;
  }
}

function row(tables: Tables, instance: Instance): string {
  const reports = instance.attributes.some(({ attribute }) => attribute.report);
  const flags = ROLE[instance.role] | (instance.cluster.security === "link" ? LINK_KEY : 0) | (reports ? REPORTS : 0);
  const head = `${hex((flags << 8) | instance.endpoint, 4)}, ${hex(instance.cluster.id, 4)}`;
  const role = instance.role === "none" ? "not here" : instance.role;
  return `  ${head}, ${tables.attributes(instance)}, ${tables.commands(instance)}, // ${instance.cluster.name}, ${role}`;
}

type Hook = "refresh" | "written" | "command";

/** One case for each cluster that has the hook. */
function cases(tables: Tables, instances: Instance[], hook: Hook): string[] {
  const clusters = new Map<Cluster, Instance[]>();
  for (const instance of instances) {
    if (instance[hook]) clusters.set(instance.cluster, [...(clusters.get(instance.cluster) ?? []), instance]);
  }
  return [...clusters].map(([cluster, [instance, another]]) => {
    const { file, name } = instance[hook] as Reference;
    if (another && another[hook]?.name !== name) throw new Error(`${cluster.key}: two rows of a device have two hooks "${hook}"`);
    tables.imports.add(path(file), name);
    tables.imports.add("../clusters", clusterName(cluster));
    if (hook !== "command") return `    case ${clusterName(cluster)}: return ${name}(now);`;
    const other = another ? "" : `if (${instance.role === "client" ? "!" : ""}zclHeard.toClient) return false; `;
    return `    case ${clusterName(cluster)}: ${other}${name}(now); return true;`;
  });
}

function dispatch(tables: Tables, key: string, instances: Instance[], hook: Hook, comment: string): string[] {
  const rows = cases(tables, instances, hook);
  const command = hook === "command";
  if (rows.length > 0) tables.imports.add("../../zigbee/zcl/zcl", "zclHeard");
  const body = rows.length > 0 ? ["  switch (zclHeard.cluster) {", ...rows, "  }"] : [];
  const head = `export function ${key}${pascal(hook)}(now: i64): ${command ? "bool" : "void"} {`;
  return ["", `/** ${comment} */`, head, ...body, ...(command ? ["  return false;"] : []), "}"];
}

function reports(tables: Tables, key: string, instances: Instance[]): string[] {
  const calls = instances.flatMap(({ attributes, refresh }) => {
    if (!refresh || !attributes.some(({ attribute }) => attribute.report)) return [];
    tables.imports.add(path(refresh.file), refresh.name);
    return [`  ${refresh.name}(now);`];
  });
  if (calls.length === 0) return [];
  return [
    "",
    "/** Brings the values of every reportable attribute up to date. */",
    `export function ${key}RefreshReports(now: i64): void {`,
  ].concat(calls, "}");
}

export function tableFile({ key, endpoints }: Device): string {
  const tables = new Tables();
  const rows = endpoints.flatMap(({ endpoint, device, instances }) => [
    `  ${hex((ENDPOINT << 8) | endpoint, 4)}, ${hex(device, 4)}, 0, 0,`,
    ...instances.map((instance) => row(tables, instance)),
  ]);
  const all = endpoints.flatMap(({ instances }) => instances);
  const functions = [
    ...dispatch(tables, key, all, "refresh", "Brings the values of the cluster heard up to date."),
    ...dispatch(tables, key, all, "written", "An attribute of the cluster heard was written."),
    ...dispatch(tables, key, all, "command", "Gives the command heard to its cluster; false where none takes it."),
    ...reports(tables, key, all),
  ];
  return [
    `// ${HEAD}`,
    ...tables.imports.lines(),
    "",
    ...tables.constants,
    "",
    `export const ${key.toUpperCase()}_INSTANCES = memory.data<u16>([`,
    ...rows,
    "  0,",
    "]);",
    ...functions,
    "",
  ].join("\n");
}
