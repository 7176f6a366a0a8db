// What a member of the mesh may lie about; who is lied to, and by which reason it is dropped.
import {
  ALL,
  abro,
  aro,
  cat,
  dao,
  dio,
  duplicate,
  hops,
  na,
  near,
  ns,
  OTHER_PREFIX,
  pio,
  REALM,
  ROUTERS,
  ra,
  routed,
  rpl,
  STRANGER,
  sender,
  sllao,
  srh,
  target,
  transit,
  ZEROS,
} from "./mesh_messages.ts";
import { addressOf, linkLocalOf, packetOf } from "./mesh_net.ts";

export const [BORDER, NEAR, FAR, HOST] = [0, 1, 2, 3];
/** Of the lab's layers: Ip and Control, counted from Link. */
export const [IP, CONTROL] = [1, 2];
export const [MALFORMED, FOREIGN, REPLAYED, DUPLICATE, NO_BUFFER, NO_ROUTE, EXPIRED, REFUSED] = [0, 1, 5, 7, 8, 9, 11, 12];

interface Lie {
  name: string;
  to: number;
  /** Who is said to have sent the frame. */
  from: number;
  packet: Buffer;
  layer: number;
  reason: number;
}

const lie = (name: string, to: number, from: number, layer: number, reason: number, packet: Buffer): Lie => ({
  name,
  to,
  from,
  packet,
  layer,
  reason,
});

/** What has no place in the graph, or breaks it. */
export const GRAPH: () => Lie[] = () => [
  ...(
    [
      ["a rank of zero", dio(0, sender(addressOf(FAR)))],
      ["a rank below the root's", dio(127, sender(addressOf(FAR)))],
      ["the root's rank, by a router", dio(128, sender(addressOf(FAR)))],
      ["a rank between the root's and its neighbours'", dio(255, sender(addressOf(FAR)))],
      ["the root's address, by a router", dio(128, sender(addressOf(BORDER)))],
      ["another neighbour's address", dio(300, sender(addressOf(HOST)))],
      ["an address of another network", dio(300, sender(OTHER_PREFIX))],
      ["no address", dio(300, Buffer.alloc(0))],
      ["another root", dio(256, sender(addressOf(FAR)), 240, STRANGER)],
      ["storing mode", dio(256, sender(addressOf(FAR)), 240, addressOf(BORDER), 0x90)],
      ["another instance", dio(256, sender(addressOf(FAR)), 240, addressOf(BORDER), 0x88, 1)],
      ["a local instance", dio(256, sender(addressOf(FAR)), 240, addressOf(BORDER), 0x88, 0x80)],
      ["a DAO as of storing mode", dao(target(addressOf(FAR)), transit(addressOf(NEAR)))],
    ] as [string, Buffer][]
  ).map(([name, message]) => ({ name, to: NEAR, from: FAR, packet: near(message), layer: CONTROL, reason: REFUSED })),
  lie("an old version", NEAR, FAR, CONTROL, REPLAYED, near(dio(256, sender(addressOf(FAR)), 239))),
  lie("a version far ahead", NEAR, FAR, CONTROL, REPLAYED, near(dio(256, sender(addressOf(FAR)), 100))),
  lie("an option without end", NEAR, FAR, CONTROL, MALFORMED, near(dio(256, cat([8, 200, 0])))),
  lie("a DIO from further away", NEAR, FAR, CONTROL, FOREIGN, near(dio(300, sender(addressOf(FAR))), FAR, ROUTERS, 254)),
  lie("a DIO in another's name", NEAR, FAR, CONTROL, FOREIGN, near(dio(300, sender(addressOf(FAR))), BORDER)),
  lie("a DIO of somebody without a link", NEAR, HOST, CONTROL, FOREIGN, near(dio(300, sender(addressOf(HOST))), HOST)),
  lie(
    "an acknowledgement by another than the root",
    NEAR,
    FAR,
    CONTROL,
    REFUSED,
    routed(rpl(3, [0, 0, 250, 0]), addressOf(FAR), addressOf(NEAR)),
  ),
];

/** What a DAO may not say. */
export const DAOS: () => Lie[] = () =>
  (
    [
      ["the root behind a router", addressOf(FAR), dao(target(addressOf(BORDER)), transit(addressOf(FAR)))],
      ["its own parent", addressOf(FAR), dao(target(addressOf(FAR)), transit(addressOf(FAR)))],
      ["another router's way", addressOf(FAR), dao(target(addressOf(NEAR)), transit(addressOf(FAR)))],
      ["a host behind another router", addressOf(FAR), dao(target(addressOf(HOST)), transit(addressOf(NEAR), 0x80))],
      ["itself as a host", addressOf(FAR), dao(target(addressOf(FAR)), transit(addressOf(NEAR), 0x80))],
      ["a group", addressOf(FAR), dao(target(REALM), transit(addressOf(FAR), 0x80))],
      ["a whole prefix", addressOf(FAR), dao(target(addressOf(FAR), 64), transit(addressOf(NEAR)))],
      ["an address of another network", addressOf(FAR), dao(target(OTHER_PREFIX), transit(addressOf(FAR), 0x80))],
      ["a parent of another network", addressOf(FAR), dao(target(addressOf(FAR)), transit(OTHER_PREFIX))],
      ["no parent", addressOf(FAR), dao(target(addressOf(FAR)), cat([6, 4, 0, 0xc0, 250, 64]))],
      [
        "a router and a host at a time",
        addressOf(FAR),
        dao(target(addressOf(FAR)), transit(addressOf(NEAR)), transit(addressOf(FAR), 0x80)),
      ],
      ["from another network", OTHER_PREFIX, dao(target(OTHER_PREFIX), transit(addressOf(NEAR)))],
      ["in the root's name", addressOf(BORDER), dao(target(addressOf(FAR)), transit(addressOf(NEAR)))],
      ["of another instance", addressOf(FAR), rpl(2, [7, 0, 0, 250], target(addressOf(FAR)), transit(addressOf(NEAR)))],
      ["for another root", addressOf(FAR), rpl(2, [0, 0x40, 0, 250], STRANGER, target(addressOf(FAR)), transit(addressOf(NEAR)))],
    ] as [string, Buffer, Buffer][]
  ).map(([name, source, message]) => ({
    name: `a DAO: ${name}`,
    to: BORDER,
    from: NEAR,
    packet: routed(message, source, addressOf(BORDER)),
    layer: CONTROL,
    reason: REFUSED,
  }));

/** What an advertisement may not say, and what no registration is. */
export const NEIGHBOURS: () => Lie[] = () => [
  ...(
    [
      ["another prefix, no newer", ra(abro(0, cat(OTHER_PREFIX)), pio(OTHER_PREFIX))],
      ["another prefix of the same border router", ra(abro(0, addressOf(BORDER)), pio(OTHER_PREFIX))],
      ["another border router, ahead", ra(abro(9, OTHER_PREFIX), pio(OTHER_PREFIX))],
      ["another border router that begins anew", ra(abro(0x20000, OTHER_PREFIX), pio(OTHER_PREFIX))],
      ["no border router", ra(pio(addressOf(FAR)))],
      ["no prefix", ra(abro(5, addressOf(BORDER)))],
      ["a border router outside its prefix", ra(abro(5, OTHER_PREFIX), pio(addressOf(FAR)))],
      ["a link-local prefix", ra(abro(5, linkLocalOf(FAR)), pio(linkLocalOf(FAR)))],
      ["a prefix of groups", ra(abro(5, REALM), pio(REALM))],
      ["the unspecified prefix", ra(abro(5, Buffer.alloc(16)), pio(Buffer.alloc(16)))],
      ["a prefix of 48 bits", ra(abro(5, addressOf(BORDER)), pio(addressOf(FAR), 48))],
      ["a prefix that is on the link", ra(abro(5, addressOf(BORDER)), pio(addressOf(FAR), 64, 0xe0))],
      ["a prefix not for addresses", ra(abro(5, addressOf(BORDER)), pio(addressOf(FAR), 64, 0x20))],
      ["a prefix without a life", ra(abro(5, addressOf(BORDER)), pio(addressOf(FAR), 64, 0x60, ZEROS(4) as number[], ZEROS(4)))],
      [
        "a prefix preferred for longer than it lives",
        ra(abro(5, addressOf(BORDER)), pio(addressOf(FAR), 64, 0x60, [0, 0, 0, 9], [0, 0, 0, 10])),
      ],
    ] as [string, Buffer][]
  ).map(([name, message]) => ({
    name: `an advertisement: ${name}`,
    to: NEAR,
    from: FAR,
    packet: near(message, FAR, ALL),
    layer: CONTROL,
    reason: REFUSED,
  })),
  lie(
    "an advertisement from further away",
    NEAR,
    FAR,
    CONTROL,
    FOREIGN,
    near(ra(abro(9, addressOf(BORDER)), pio(addressOf(FAR))), FAR, ALL, 64),
  ),
  lie("an option of size 0", NEAR, FAR, CONTROL, MALFORMED, near(ra(cat([1, 0], ZEROS(6))), FAR, ALL)),
  lie("a question about another's address", NEAR, FAR, CONTROL, FOREIGN, near(ns(linkLocalOf(BORDER)), FAR, linkLocalOf(NEAR))),
  lie(
    "a confirmation that nobody asked for",
    NEAR,
    BORDER,
    CONTROL,
    REFUSED,
    routed(duplicate(158, 1, 18, FAR, addressOf(FAR)), addressOf(BORDER), addressOf(NEAR)),
  ),
  lie("a request at a router", NEAR, FAR, CONTROL, REFUSED, near(duplicate(157, 0, 18, FAR, addressOf(FAR)), FAR, linkLocalOf(NEAR))),
  lie(
    "a request from another network",
    BORDER,
    NEAR,
    CONTROL,
    REFUSED,
    routed(duplicate(157, 0, 18, FAR, addressOf(FAR)), OTHER_PREFIX, addressOf(BORDER)),
  ),
  lie(
    "a request about another network",
    BORDER,
    NEAR,
    CONTROL,
    REFUSED,
    routed(duplicate(157, 0, 18, FAR, OTHER_PREFIX), addressOf(NEAR), addressOf(BORDER)),
  ),
  lie(
    "a registration of our own address",
    NEAR,
    FAR,
    CONTROL,
    REFUSED,
    packetOf(addressOf(NEAR), linkLocalOf(NEAR), 255, 58, ns(linkLocalOf(NEAR), aro(0, 18, FAR), sllao(FAR))),
  ),
  lie(
    "a registration from another network",
    NEAR,
    FAR,
    CONTROL,
    REFUSED,
    packetOf(OTHER_PREFIX, linkLocalOf(NEAR), 255, 58, ns(linkLocalOf(NEAR), aro(0, 18, FAR), sllao(FAR))),
  ),
  lie(
    "a registration for another device",
    NEAR,
    FAR,
    CONTROL,
    REFUSED,
    packetOf(addressOf(HOST), linkLocalOf(NEAR), 255, 58, ns(linkLocalOf(NEAR), aro(0, 18, HOST), sllao(HOST))),
  ),
  lie(
    "a registration without a link address",
    NEAR,
    FAR,
    CONTROL,
    REFUSED,
    packetOf(addressOf(FAR), linkLocalOf(NEAR), 255, 58, ns(linkLocalOf(NEAR), aro(0, 18, FAR))),
  ),
  lie(
    "a registration from further away",
    NEAR,
    FAR,
    CONTROL,
    REFUSED,
    packetOf(addressOf(FAR), linkLocalOf(NEAR), 254, 58, ns(linkLocalOf(NEAR), aro(0, 18, FAR), sllao(FAR))),
  ),
  lie(
    "a registration of somebody without a link",
    NEAR,
    HOST,
    CONTROL,
    REFUSED,
    packetOf(addressOf(HOST), linkLocalOf(NEAR), 255, 58, ns(linkLocalOf(NEAR), aro(0, 18, HOST), sllao(HOST))),
  ),
  lie(
    "a registration sent to a group",
    NEAR,
    FAR,
    CONTROL,
    REFUSED,
    packetOf(addressOf(FAR), ALL, 255, 58, ns(linkLocalOf(NEAR), aro(0, 18, FAR), sllao(FAR))),
  ),
  lie(
    "an address that another device has",
    NEAR,
    FAR,
    CONTROL,
    REFUSED,
    packetOf(addressOf(FAR), linkLocalOf(NEAR), 255, 58, ns(linkLocalOf(NEAR), aro(0, 18, BORDER), sllao(FAR))),
  ),
  lie("an answer to no registration", FAR, NEAR, CONTROL, FOREIGN, near(na(linkLocalOf(NEAR), aro(1, 18, HOST)), HOST, linkLocalOf(FAR))),
];

/** Headers on the way. */
export const HEADERS: () => Lie[] = () => [
  ...(
    [
      ["more segments left than there are", srh(3, addressOf(FAR), addressOf(HOST))],
      ["a group in it", srh(2, addressOf(FAR), REALM)],
      ["a link-local address in it", srh(2, addressOf(FAR), linkLocalOf(HOST))],
      ["our own address in it", srh(2, addressOf(FAR), addressOf(NEAR))],
      ["our own address in what is done", srh(1, addressOf(NEAR), addressOf(FAR))],
      ["no room for its addresses", cat([59, 1, 3, 1, 0, 0, 0, 0], ZEROS(8))],
    ] as [string, Buffer][]
  ).map(([name, header]) => ({
    name: `a source route: ${name}`,
    to: NEAR,
    from: BORDER,
    packet: packetOf(addressOf(BORDER), addressOf(NEAR), 64, 43, header),
    layer: IP,
    reason: MALFORMED,
  })),
  lie(
    "an option of another graph",
    NEAR,
    FAR,
    IP,
    EXPIRED,
    packetOf(addressOf(FAR), addressOf(BORDER), 64, 0, hops([0x63, 4, 0, 9, 0, 3])),
  ),
  lie(
    "an option too short for a rank",
    NEAR,
    FAR,
    IP,
    EXPIRED,
    packetOf(addressOf(FAR), addressOf(BORDER), 64, 0, hops([0x63, 3, 0, 0, 0, 0])),
  ),
  lie(
    "a packet that met a wrong rank before, again",
    NEAR,
    FAR,
    IP,
    EXPIRED,
    packetOf(addressOf(FAR), addressOf(BORDER), 64, 0, hops([0x63, 4, 0x40, 0, 0, 1])),
  ),
  lie(
    "a packet that came back",
    NEAR,
    FAR,
    IP,
    EXPIRED,
    packetOf(addressOf(FAR), addressOf(BORDER), 64, 0, hops([0x63, 4, 0x20, 0, 0, 3])),
  ),
  lie(
    "down without a source route",
    NEAR,
    BORDER,
    IP,
    NO_ROUTE,
    packetOf(addressOf(BORDER), addressOf(FAR), 64, 0, hops([0x63, 4, 0x80, 0, 0, 1])),
  ),
  lie(
    "a link-local target beyond the link",
    NEAR,
    FAR,
    IP,
    FOREIGN,
    packetOf(addressOf(FAR), linkLocalOf(BORDER), 64, 59, Buffer.alloc(0)),
  ),
  lie(
    "a link-local source beyond the link",
    NEAR,
    FAR,
    IP,
    FOREIGN,
    packetOf(linkLocalOf(FAR), addressOf(BORDER), 64, 59, Buffer.alloc(0)),
  ),
  lie("a group without the option", NEAR, FAR, IP, REFUSED, packetOf(addressOf(FAR), REALM, 8, 253, Buffer.alloc(8))),
  lie("a group of another version", NEAR, FAR, IP, MALFORMED, packetOf(addressOf(FAR), REALM, 8, 0, hops([0x6d, 2, 0x10, 7, 1, 0], 253))),
  lie("a group with a seed of its own", NEAR, FAR, IP, REFUSED, packetOf(addressOf(FAR), REALM, 8, 0, hops([0x6d, 4, 0x40, 7, 0, 9], 253))),
  lie("our own multicast", NEAR, FAR, IP, DUPLICATE, packetOf(addressOf(NEAR), REALM, 8, 0, hops([0x6d, 2, 0, 7, 1, 0], 253))),
];
