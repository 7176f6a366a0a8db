// Every procedure of a device that waits for something, and where it keeps its state.  tests/scenarios/states.test.ts puts each state of each
// into silence, loss and refusal; tests/structure/procedures.test.ts sees that none is missing here.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../modules.ts";

export type Doored = "hub" | "ihd" | "meter";

export interface Procedure {
  name: string;
  path: string;
  devices: readonly Doored[];
  /** Its states in order. */
  states: readonly string[];
  /** Answers, in AssemblyScript, the number of the state that it is in. */
  body: string;
}

/** The names of an enum, as the source has them. */
export function enumOf(text: string, name: string): string[] {
  const [, list] = new RegExp(`^(?:export )?enum ${name} \\{([^}]*)\\}`, "m").exec(text) ?? [];
  if (!list) throw new Error(`no enum ${name}`);
  return list.split(",").map((each) => each.split("=")[0].trim());
}

/** States of a file's enum.  A package that was installed has no sources, and asks for no states. */
function listed(path: string, name: string): string[] {
  const whole = join(ROOT, "assembly", path);
  return existsSync(whole) ? enumOf(readFileSync(whole, "utf8"), name) : [];
}

/** `states` is the name of an enum of the file, or a list. */
function row(name: string, path: string, devices: Doored[], states: string | string[], body: string): Procedure {
  return { name, path: `assembly/${path}`, devices, states: typeof states === "string" ? listed(path, states) : states, body };
}

const ALL: Doored[] = ["ihd", "meter", "hub"];
const MEMBERS: Doored[] = ["ihd", "meter"];

export const PROCEDURES: readonly Procedure[] = [
  row("associate", "mac/associate.ts", MEMBERS, "State", "return association.state;"),
  row("scan", "mac/scan.ts", ALL, ["Idle", "Asking", "Listening"], "return scan.channel == 0 ? 0 : scan.wanted ? 1 : 2;"),
  row(
    "serve",
    "mac/serve.ts",
    ["hub"],
    ["Idle", "Beacon", "Response"],
    "return serveDeadline() == NEVER ? 0 : serve.beaconAt != NEVER ? 1 : 2;",
  ),
  row("join", "zigbee/nwk/join.ts", MEMBERS, "State", "return <u32>join.state;"),
  row(
    "poll",
    "zigbee/nwk/poll.ts",
    ["ihd"],
    ["Stopped", "Listening", "Proving", "Expecting", "Asleep"],
    `if (poll.due == NEVER) return 0;
     if (poll.listen != NEVER) return 1;
     if (poll.proveAt != NEVER) return 2;
     return max(poll.expected, poll.own) > poll.askedAt ? 3 : 4;`,
  ),
  row(
    "child",
    "zigbee/nwk/parent.ts",
    ["hub", "meter"],
    ["None", "Joining"],
    "for (let index = 0; index < <i32>NEIGHBOURS_MAX; index++) if (neighbourAt(index).relation == Relation.Joining) return 1;\n return 0;",
  ),
  row(
    "slot",
    "zigbee/nwk/send.ts",
    ALL,
    ["Free", "Route", "Discover", "Ready", "Air", "Indirect"],
    "let most: u32 = 0;\n for (let index: u32 = 0; index < SLOTS_MAX; index++) most = max<u32>(most, slotAt(index).state);\n return most;",
  ),
  row(
    "transmit",
    "zigbee/aps/transmit.ts",
    ALL,
    "Sending",
    "let most: u32 = 0;\n for (let index: u32 = 0; index < TRANSMISSIONS_MAX; index++) most = max<u32>(most, rowAt(index).state);\n return most;",
  ),
  row("joiner", "zigbee/security/joiner.ts", MEMBERS, ["Idle", "Waiting"], "return u32(state.deadline != NEVER);"),
  row("device", "zigbee/aps/devices.ts", ["hub"], "DeviceState", "return deviceAt(1).state;"),
  row(
    "rekey",
    "zigbee/security/rekey.ts",
    ["hub"],
    ["Idle", "Telling", "Waiting", "Switched"],
    "return rekey.due == NEVER ? 0 : rekey.next < DEVICES_MAX ? 1 : rekey.next == DEVICES_MAX ? 2 : 3;",
  ),
  row(
    "report",
    "zigbee/zcl/reporting.ts",
    ["meter"],
    ["Idle", "UnderWay", "BackOff"],
    `let most: u32 = 0;
     for (let index: u32 = 0; index < BINDINGS_MAX; index++) {
       let way = wayAt(index);
       most = max<u32>(most, way.handle != NO_HANDLE ? 1 : way.failures != 0 ? 2 : 0);
     }
     return most;`,
  ),
  row("exchange", "sep1/key_establishment/exchange.ts", ALL, "State", "return <u32>exchange.state;"),
  row("commissioning", "sep1/commissioning.ts", MEMBERS, "State", "return procedure.state;"),
  row(
    "ladder",
    "sep1/commissioning.ts",
    MEMBERS,
    ["Foot", "Channel", "Everywhere", "TrustCentre", "Anew"],
    "return procedure.state == State.Climbing ? procedure.rung : 0;",
  ),
  row("partners", "sep1/partners.ts", ["ihd"], "Step", "return <u32>state.step;"),
  row("errands", "sep1/errands.ts", ["ihd"], [...listed("sep1/errands.ts", "Errand"), "Nothing"], "return state.asked;"),
  row("prices", "sep1/price/publish.ts", ["hub"], ["Idle", "Telling"], "return u32(state.sendAt != NEVER);"),
  row("update", "sep1/ota/client.ts", MEMBERS, "Step", "return state.step;"),
  row(
    "transfer",
    "sep1/ota/transfer.ts",
    MEMBERS,
    ["Off", "Pause", "Block", "Page"],
    "return !state.active ? 0 : !state.asked ? 1 : state.pageEnd == 0 ? 2 : 3;",
  ),
  row("activation", "upgrade/activation.ts", MEMBERS, ["Idle", "Grace"], "return u32(state.at != NEVER);"),
  row("notify", "sep1/ota/notify.ts", ["hub"], ["Idle", "Round"], "return u32(state.at != NEVER);"),
  row(
    "pages",
    "sep1/ota/pages.ts",
    ["hub"],
    ["Idle", "Page"],
    "for (let index: u32 = 0; index < PAGES_MAX; index++) if (changetype<Page>(pages + index * offsetof<Page>()).extended) return 1;\n return 0;",
  ),
  row("fetch", "application/hub/fetch.ts", ["hub"], ["Idle", "Loading"], "return u32(state.image != NOTHING);"),
];

const doorOf = (number: number): string => `stateOf${number}`;

/** A file with a door to each of its procedures; a device's laboratory with one to all of them. */
export function withDoors(name: string, text: string): string {
  const device = /^tests\/labs\/states\/(\w+)\.ts$/.exec(name)?.[1] as Doored | undefined;
  const rows = PROCEDURES.map((procedure, number) => ({ ...procedure, door: doorOf(number), number }));
  if (!device) {
    const doors = rows.filter(({ path }) => path === name).map(({ door, body }) => `export function ${door}(): u32 {\n ${body}\n}\n`);
    return [text, ...doors].join("\n");
  }
  const own = rows.filter(({ devices }) => devices.includes(device));
  const imports = own.map(({ door, path }) => `import { ${door} } from "../../../${path.replace(".ts", "")}";`);
  const cases = own.map(({ door, number }) => `    case ${number}: return ${door}();`);
  return [
    ...imports,
    text,
    "export function stateOf(procedure: u32): u32 {\n  switch (procedure) {",
    ...cases,
    "    default: return u32.MAX_VALUE;\n  }\n}\n",
  ].join("\n");
}
