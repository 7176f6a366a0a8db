// DNS-SD over multicast DNS: RFC 6762 and 6763, IEEE 2030.5 section 9.  Who asks is told, in time and not too often; who is told remembers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Entry, FLUSH, type Message, nameOctets, type Read, srv, TYPE, txt } from "./dns_words.ts";
import { BORDER, LABEL, LINK_GROUP, Names, OTHER, OWN, OWN_ETHERNET, PORT, SITE_GROUP, STRANGER } from "./names_lab.ts";

const SERVICE = "_smartenergy._tcp.site";
const EDEV = `_edev._sub.${SERVICE}`;
const INSTANCE = `${LABEL}.${SERVICE}`;
const HOST = `${LABEL}.site`;
const LOCAL = "_smartenergy._tcp.local";
const ANSWER = 0x8400;
const ONE = FLUSH | 1;
const EXHAUSTED = 13;
const FOREIGN = 1;
const MALFORMED = 0;

const said = (records: Read[]): string[] =>
  records.map(({ name, type, class: kind, text }) => `${name} ${type} ${kind & FLUSH ? "!" : ""}${text}`);
const STRINGS = "txtvers=1 dcap=/dcap https=443 level=-S1";
const OF_SERVICE = [
  `${INSTANCE} ${TYPE.SRV} !80 ${HOST}`,
  `${INSTANCE} ${TYPE.TXT} !${STRINGS}`,
  `${HOST} ${TYPE.AAAA} !${OWN.toString("hex")}`,
];

test("a question to all is answered to all, a fifth of a second later at most, with what will be asked for next", () => {
  const names = new Names();
  const delays = new Set<number>();
  for (let count = 0; count < 20; count++) {
    const asked = names.now;
    assert.equal(names.give({ questions: [{ name: SERVICE, type: TYPE.PTR }] }), 1);
    const [answer, ...rest] = names.run(2_000);
    assert.equal(rest.length, 0);
    assert.ok(answer.at - asked >= 20 && answer.at - asked < 120, `${answer.at - asked} ms`);
    delays.add(answer.at - asked);
    assert.deepEqual(
      [answer.flags, answer.id, answer.questions, answer.authority, answer.port, answer.hops],
      [ANSWER, 0, [], [], PORT, 255],
    );
    assert.deepEqual([answer.target, answer.source, answer.ethernet], [SITE_GROUP, OWN, false]);
    assert.deepEqual(said(answer.answers), [`${SERVICE} ${TYPE.PTR} ${INSTANCE}`]);
    assert.deepEqual(said(answer.additional), OF_SERVICE);
    assert.ok([...answer.answers, ...answer.additional].every(({ seconds }) => seconds === 4_500));
  }
  assert.ok(delays.size > 5, "each by a delay of its own");
});

test("a function set is found by its subtype, and its path is told with it", () => {
  const names = new Names();
  for (const set of ["edev", "mup", "tm"]) {
    names.give({ questions: [{ name: `_${set}._sub.${SERVICE}`, type: TYPE.PTR }] });
    const [answer] = names.run(1_200);
    assert.deepEqual(said(answer.answers), [`_${set}._sub.${SERVICE} ${TYPE.PTR} ${INSTANCE}`]);
    assert.equal(answer.additional.find(({ type }) => type === TYPE.TXT)?.text, `${STRINGS} path=/${set}`);
  }
  for (const name of ["_ede._sub", "_edevs._sub", "_edev", "_edev._sub._sub", "_bill._sub", "__sub", "edev._sub", "_edev mup._sub"]) {
    names.give({ questions: [{ name: `${name}.${SERVICE}`, type: TYPE.PTR }] });
    assert.deepEqual(names.run(1_200), [], name);
  }
});

test("everything that a name has is told, and that there is no more", () => {
  const names = new Names();
  const ask = (name: string, type: number): string[] => {
    names.give({ questions: [{ name, type }] });
    const [answer] = names.run(1_200);
    return answer ? said(answer.answers) : [];
  };
  assert.deepEqual(ask("_services._dns-sd._udp.site", TYPE.PTR), [`_services._dns-sd._udp.site ${TYPE.PTR} ${SERVICE}`]);
  assert.deepEqual(ask(INSTANCE, TYPE.SRV), OF_SERVICE.slice(0, 1));
  assert.deepEqual(ask(INSTANCE, TYPE.TXT), OF_SERVICE.slice(1, 2));
  assert.deepEqual(ask(INSTANCE, TYPE.ANY), OF_SERVICE.slice(0, 2));
  assert.deepEqual(ask(HOST, TYPE.AAAA), OF_SERVICE.slice(2));
  assert.deepEqual(ask(HOST.toUpperCase(), TYPE.ANY), OF_SERVICE.slice(2), "RFC 6762 section 16");
  assert.deepEqual(ask(HOST, TYPE.A), [`${HOST} ${TYPE.NSEC} !${HOST} ${TYPE.AAAA}`]);
  assert.deepEqual(ask(INSTANCE, TYPE.AAAA), [`${INSTANCE} ${TYPE.NSEC} !${INSTANCE} ${TYPE.TXT},${TYPE.SRV}`]);
  for (const name of [SERVICE, "_services._dns-sd._udp.site"])
    assert.deepEqual(ask(name, TYPE.SRV), [], "what others may have is not denied");
  for (const name of ["site", "other.site", `x.${INSTANCE}`, `x.${HOST}`, "_services._dns-sd._udp.local", HOST.replace("site", "local")])
    assert.deepEqual(ask(name, TYPE.ANY), [], name);
});

test("what is known already is not said again; half its time later it is", () => {
  const names = new Names();
  const known = (seconds: number, name = INSTANCE): Entry => ({ name: SERVICE, type: TYPE.PTR, seconds, data: nameOctets(name) });
  const questions = [{ name: SERVICE, type: TYPE.PTR }];
  names.give({ questions, answers: [known(2_250)] });
  assert.deepEqual(names.run(1_200), []);
  names.give({ questions, answers: [known(2_249)] });
  assert.equal(names.run(1_200).length, 1);
  names.give({ questions, answers: [known(4_500, `other.${SERVICE}`)] });
  assert.equal(names.run(1_200).length, 1);
  // What is known comes behind the question, in messages of its own.
  names.give({ flags: 0x0200, questions });
  assert.deepEqual(names.run(300), [], "who says that more comes is waited for");
  names.give({ answers: [known(4_500)] });
  assert.deepEqual(names.run(1_200), []);
  const one = (name: string, type: number, data: Uint8Array): number =>
    names.give({ questions: [{ name, type }], answers: [{ name, type, class: ONE, seconds: 4_500, data }] });
  for (const [name, type, right, wrong] of [
    [HOST, TYPE.AAAA, OWN, OTHER],
    [INSTANCE, TYPE.SRV, srv(80, HOST), srv(81, HOST)],
    [INSTANCE, TYPE.SRV, srv(80, HOST), srv(80, `x${HOST}`)],
    [INSTANCE, TYPE.TXT, txt(...STRINGS.split(" ")), txt("txtvers=1")],
  ] as const) {
    one(name, type, right);
    assert.deepEqual(names.run(1_200), [], `${name} ${type}`);
    one(name, type, wrong);
    assert.equal(names.run(1_200).length, 1, `another ${name} ${type}`);
  }
});

test("who wants the answer for itself gets it at once, and who does not speak multicast DNS as from any server of DNS", () => {
  const names = new Names();
  names.give({ questions: [{ name: EDEV, type: TYPE.PTR, class: ONE }] });
  const [answer] = names.run(0);
  assert.deepEqual([answer.target, answer.port, answer.id], [OTHER, PORT, 0]);
  assert.equal(answer.additional.length, 3);
  names.give({ id: 0x1234, questions: [{ name: SERVICE.toUpperCase(), type: TYPE.PTR }] }, { port: 40_000 });
  const [legacy] = names.run(0);
  assert.deepEqual([legacy.target, legacy.port, legacy.id], [OTHER, 40_000, 0x1234]);
  assert.deepEqual(legacy.questions, [{ name: SERVICE, type: TYPE.PTR, class: 1 }]);
  const records = [...legacy.answers, ...legacy.additional];
  assert.ok(records.every((record) => record.seconds === 10 && record.class === 1));
  const service = records.find(({ type }) => type === TYPE.SRV);
  assert.deepEqual(service?.data, srv(80, HOST), "its host is written out: RFC 6762 section 18.14");
  names.give({ questions: [{ name: LOCAL, type: TYPE.PTR }] }, { target: OWN });
  assert.deepEqual(names.run(0)[0]?.target, OTHER, "a question to us alone, of either domain");
});

test("what many ask is answered once a second, and to one not more often than eight times", () => {
  const names = new Names();
  const heard = [];
  for (let count = 0; count < 500; count++) {
    names.give({ questions: [{ name: count & 1 ? SERVICE : EDEV, type: TYPE.PTR }] });
    heard.push(...names.run(10));
  }
  assert.ok(heard.length <= 6 && heard.length >= 4, `${heard.length} answers in 5 s`);
  for (let index = 1; index < heard.length; index++) assert.ok(heard[index].at - heard[index - 1].at >= 1_000);
  const before = names.drops(EXHAUSTED);
  names.run(2_000);
  for (let count = 0; count < 500; count++) names.give({ questions: [{ name: SERVICE, type: TYPE.PTR, class: ONE }] });
  assert.equal(names.run(0).length, 8);
  assert.equal(names.drops(EXHAUSTED) - before, 492);
  names.run(1_000);
  names.give({ questions: [{ name: SERVICE, type: TYPE.PTR, class: ONE }] });
  assert.equal(names.run(0).length, 1);
  assert.equal(names.on.doors.large(), new Names().on.doors.large(), "and no packet is kept");
});

test("only members are listened to in the mesh, only multicast DNS's own port is believed, and what is malformed is counted", () => {
  const names = new Names();
  const question = { questions: [{ name: SERVICE, type: TYPE.PTR }] };
  assert.equal(names.give(question, { secured: false }), 0);
  assert.equal(names.give(question, { source: STRANGER }), 0);
  assert.equal(names.give({ flags: ANSWER }, { port: 5354 }), 0);
  assert.equal(names.drops(FOREIGN), 3);
  assert.equal(names.give(Buffer.from("0000000000010000000000000000000c", "hex").subarray(0, 15)), 0);
  assert.equal(names.drops(MALFORMED), 1);
  assert.deepEqual(names.run(2_000), []);
});

test("on Ethernet the name is tried three times, told twice, and then answered for", () => {
  const names = new Names();
  assert.deepEqual(names.run(5_000), []);
  const [instance, host] = [`${LABEL}.${LOCAL}`, `${LABEL}.local`];
  names.ready = true;
  names.give({ questions: [{ name: host, type: TYPE.AAAA }] }, { ethernet: true });
  const heard = names.run(3_000);
  const probes = heard.filter(({ flags }) => flags === 0);
  assert.equal(probes.length, 3);
  for (const probe of probes) {
    assert.deepEqual([probe.ethernet, probe.target], [true, LINK_GROUP]);
    assert.deepEqual(probe.questions, [
      { name: instance, type: TYPE.ANY, class: ONE },
      { name: host, type: TYPE.ANY, class: ONE },
    ]);
    assert.deepEqual(said(probe.authority), [`${instance} ${TYPE.SRV} 80 ${host}`, `${host} ${TYPE.AAAA} ${OWN_ETHERNET.toString("hex")}`]);
    assert.deepEqual(
      probe.authority.map(({ seconds }) => seconds),
      [120, 120],
    );
  }
  for (const index of [1, 2]) assert.equal(probes[index].at - probes[index - 1].at, 250);
  const told = heard.filter(({ flags }) => flags === ANSWER);
  assert.equal(told.length, 2, "and no answer before");
  assert.equal(told[1].at - told[0].at, 1_000);
  assert.deepEqual(said(told[1].answers), [`${LOCAL} ${TYPE.PTR} ${instance}`]);
  assert.equal(told[1].additional.length, 3);
  names.give({ questions: [{ name: host, type: TYPE.AAAA }] }, { ethernet: true });
  assert.equal(names.run(1_200).length, 1);
  names.give({ questions: [{ name: HOST, type: TYPE.AAAA }] }, { ethernet: true, target: SITE_GROUP });
  assert.deepEqual(
    names.run(1_200).map(({ target, ethernet }) => [target, ethernet]),
    [[SITE_GROUP, true]],
  );
});

test("who has our name keeps it, who wants it as well is waited for, and who claims it later is contested", () => {
  const names = new Names();
  names.ready = true;
  const host = `${LABEL}.local`;
  const taken: Entry = { name: host, type: TYPE.AAAA, class: ONE, data: STRANGER };
  names.run(100);
  names.give({ flags: ANSWER, answers: [taken] }, { ethernet: true });
  const second = names.run(6_000);
  assert.ok(second.every(({ questions, answers }) => [...questions, ...answers].every(({ name }) => name !== host)));
  assert.equal(second.find(({ flags }) => flags === ANSWER)?.additional.find(({ type }) => type === TYPE.AAAA)?.name, `${LABEL}-1.local`);
  // Somebody asks for it at the same time.
  const other = new Names();
  other.ready = true;
  other.run(400);
  const from = other.now;
  other.give({ questions: [{ name: host, type: TYPE.ANY, class: ONE }], authority: [{ ...taken, class: 1 }] }, { ethernet: true });
  const again = other.run(6_000);
  assert.ok(again[0].at - from >= 1_000 && again[0].flags === 0, "again, a second later");
  assert.equal(again[0].questions[1].name, host);
  // Ours by now: its owner says so.
  other.give({ questions: [{ name: host, type: TYPE.ANY }], authority: [{ ...taken, class: 1 }] }, { ethernet: true });
  const [defended] = other.run(250);
  assert.equal(defended.answers[0].name, host);
  other.give({ flags: ANSWER, answers: [taken] }, { ethernet: true });
  assert.equal(other.run(3_000).filter(({ flags }) => flags === 0).length, 3, "it is tried anew");
  // What we said ourselves, and came back, contests nothing.
  other.give({ flags: ANSWER, answers: [{ ...taken, data: OWN_ETHERNET }] }, { ethernet: true });
  assert.deepEqual(other.run(3_000), []);
});

test("one who has every name of ours slows us down, and no more", () => {
  const names = new Names();
  names.ready = true;
  const at: number[] = [];
  for (let count = 0; count < 20; count++) {
    names.run(count < 16 ? 1_400 : 5_400);
    const label = names.on.read(names.on.doors.label() + 1, names.on.read(names.on.doors.label(), 1)[0]).toString();
    names.give({ flags: ANSWER, answers: [{ name: `${label}.local`, type: TYPE.AAAA, class: ONE, data: STRANGER }] }, { ethernet: true });
    at.push(Number(names.on.doors.deadline()) - names.now);
  }
  assert.ok(at[0] < 1_300 && at[19] >= 5_000, at.join());
});

const server = (label: string, address: Uint8Array, seconds = 4_500, strings = STRINGS): Message => {
  const [instance, host] = [`${label}.${SERVICE}`, `${label}.site`];
  return {
    flags: ANSWER,
    answers: [{ name: EDEV, type: TYPE.PTR, seconds, data: nameOctets(instance) }],
    additional: [
      { name: instance, type: TYPE.SRV, class: ONE, seconds, data: srv(80, host) },
      { name: instance, type: TYPE.TXT, class: ONE, seconds, data: txt(...strings.split(" ")) },
      { name: host, type: TYPE.AAAA, class: ONE, seconds, data: address },
    ],
  };
};

test("a server is looked for, less and less often, and until it is found it is the border router", () => {
  const names = new Names();
  assert.deepEqual(names.run(10_000), [], "who is not in a network asks nobody");
  names.seek();
  const heard = names.run(10 * 3_600_000);
  const [first] = heard;
  assert.deepEqual([first.flags, first.target, first.source, first.hops], [0, SITE_GROUP, OWN, 255]);
  assert.deepEqual(first.questions, [{ name: EDEV, type: TYPE.PTR, class: ONE }], "the answer is for us alone");
  for (let index = 1; index < heard.length; index++) {
    const [before, between] = [heard[index - 1].at, heard[index].at - heard[index - 1].at];
    assert.ok(between >= Math.min(2 ** (index - 1) * 1_000, 3_600_000) && between <= 3_602_000, `${between} ms after ${before}`);
  }
  assert.ok(heard.length > 15 && heard.length < 25, `${heard.length} questions`);
  assert.deepEqual(names.server, BORDER);
});

test("a server that was found is remembered for its time, asked for again before that is over, and given up when it does not answer", () => {
  const names = new Names();
  names.seek();
  names.run(2_000);
  assert.equal(names.give(server("hub", OTHER)), 2);
  assert.deepEqual(names.server, OTHER);
  const at = names.now;
  const asked = names.run(4_499_000);
  assert.ok(asked.length >= 2 && asked[0].at - at >= 3_600_000 && asked[0].at - at < 3_602_000, "from four fifths on");
  assert.deepEqual(names.server, OTHER);
  names.run(2_000);
  assert.deepEqual(names.server, BORDER, "nobody answered");
  names.give(server("hub", OTHER));
  names.doubt();
  assert.deepEqual(names.server, BORDER);
  assert.equal(names.run(1_100).length, 1, "asked for again");
  names.give(server("hub", OTHER));
  names.give(server("hub", OTHER, 0));
  assert.deepEqual(names.server, BORDER, "it said farewell: RFC 6762 section 10.1");
  names.give(server("hub", OTHER, 1));
  names.run(59_000);
  assert.deepEqual(names.server, OTHER, "a second is too short to be asked for");
});

test("a second server does not take the place of the first, but the border router does", () => {
  const names = new Names();
  const third = Buffer.concat([OTHER.subarray(0, 15), Buffer.of(7)]);
  names.seek();
  names.give(server("one", OTHER));
  names.give(server("two", third));
  assert.deepEqual(names.server, OTHER);
  names.give(server("two", third, 0));
  assert.deepEqual(names.server, OTHER, "another's farewell");
  names.give(server("hub", BORDER));
  assert.deepEqual(names.server, BORDER);
  names.give(server("one", OTHER));
  assert.deepEqual(names.server, BORDER);
});

test("an answer counts as a whole, of a server that we can talk to, in the network", () => {
  const without = (type: number): Message => {
    const { additional = [], ...message } = server("hub", OTHER);
    return { ...message, additional: additional.filter((entry) => entry.type !== type) };
  };
  const renamed = (type: number, name: string): Message => {
    const { answers = [], additional = [], flags } = server("hub", OTHER);
    const change = (entry: Entry): Entry => (entry.type === type ? { ...entry, name } : entry);
    return { flags, answers: answers.map(change), additional: additional.map(change) };
  };
  for (const [why, message] of Object.entries<Message>({
    "no address": without(TYPE.AAAA),
    "no service": without(TYPE.SRV),
    "no strings": without(TYPE.TXT),
    "another function set": renamed(TYPE.PTR, `_tm._sub.${SERVICE}`),
    "another instance's service": renamed(TYPE.SRV, `other.${SERVICE}`),
    "another instance's strings": renamed(TYPE.TXT, `other.${SERVICE}`),
    "another host": renamed(TYPE.AAAA, "other.site"),
    "a name longer than any": renamed(TYPE.AAAA, `${"x".repeat(63)}.${"x".repeat(63)}.site`),
    "outside of the network": server("hub", STRANGER),
    "no dcap": server("hub", OTHER, 4_500, "txtvers=1 https=443"),
    "no TLS": server("hub", OTHER, 4_500, "txtvers=1 dcap=/dcap"),
    "another port": server("hub", OTHER, 4_500, "txtvers=1 dcap=/dcap https=444"),
    "another version": server("hub", OTHER, 4_500, "txtvers=2 dcap=/dcap https=443"),
    "no version first": server("hub", OTHER, 4_500, "dcap=/dcap txtvers=1 https=443"),
  })) {
    const names = new Names();
    assert.equal(names.give(message), 2);
    assert.deepEqual(names.server, BORDER, "nobody asked");
    names.seek();
    names.give(message);
    assert.deepEqual(names.server, BORDER, why);
    names.give(server("hub", OTHER));
    assert.deepEqual(names.server, OTHER);
  }
  const names = new Names();
  names.seek();
  const cut = server("hub", OTHER);
  const strings = (cut.additional as Entry[])[1];
  strings.data = Buffer.concat([strings.data, Buffer.from([200, 1, 2])]);
  names.give(cut);
  assert.deepEqual(names.server, BORDER, "a string that leaves its record");
});
