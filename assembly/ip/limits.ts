// How large the tables of the IP stack are.  A device's numbers are its target's in asconfig.json; a module without a target, a laboratory,
// has the router's.  docs/memory.md says what a row costs.

/** IPv6 packets that wait, are put together or are on their way: of control and of acknowledgements, and of the link's whole size. */
export const PACKETS_SMALL_MAX: u32 = isDefined(LIMIT_PACKETS_SMALL) ? LIMIT_PACKETS_SMALL : 10;
export const PACKETS_LARGE_MAX: u32 = isDefined(LIMIT_PACKETS_LARGE) ? LIMIT_PACKETS_LARGE : 5;
/** Devices in range that we have, or make, a link with. */
export const LINKS_MAX: u32 = isDefined(LIMIT_LINKS) ? LIMIT_LINKS : 20;
/** Packets put together from fragments at the same time; of them, from devices without a link. */
export const DATAGRAMS_MAX: u32 = isDefined(LIMIT_DATAGRAMS) ? LIMIT_DATAGRAMS : 4;
export const DATAGRAMS_CLEAR_MAX: u32 = isDefined(LIMIT_DATAGRAMS_CLEAR) ? LIMIT_DATAGRAMS_CLEAR : 2;
/** Packets held for children that sleep; 0 for a host. */
export const HELD_MAX: u32 = isDefined(LIMIT_HELD) ? LIMIT_HELD : 6;
/** Prefixes that addresses are compressed against, RFC 6282 section 3.1.2. */
export const CONTEXTS_MAX: u32 = isDefined(LIMIT_CONTEXTS) ? LIMIT_CONTEXTS : 4;
/** Devices that the agent has admitted, and those that are proving who they are; of a module without an agent neither is used. */
export const SESSIONS_MAX: u32 = isDefined(LIMIT_SESSIONS) ? LIMIT_SESSIONS : 28;
export const AUTHENTICATIONS_MAX: u32 = isDefined(LIMIT_AUTHENTICATIONS) ? LIMIT_AUTHENTICATIONS : 2;
/** Addresses that neighbours registered with a router; at the border router, those of the network. */
export const REGISTRATIONS_MAX: u32 = isDefined(LIMIT_REGISTRATIONS) ? LIMIT_REGISTRATIONS : 20;
/** Neighbours that a router could send through towards the root. */
export const PARENTS_MAX: u32 = isDefined(LIMIT_PARENTS) ? LIMIT_PARENTS : 6;
/** Addresses that the root knows a way to. */
export const NODES_MAX: u32 = isDefined(LIMIT_NODES) ? LIMIT_NODES : 48;
/** Senders of multicast that are remembered, and packets that are repeated. */
export const SEEDS_MAX: u32 = isDefined(LIMIT_SEEDS) ? LIMIT_SEEDS : 8;
export const REPEATED_MAX: u32 = isDefined(LIMIT_REPEATED) ? LIMIT_REPEATED : 2;

/** Routers that a scan finds and remembers. */
export const CANDIDATES_MAX: u32 = 8;
/** Connections of TCP, and the octets that each keeps of what it sends and of what came. */
export const SOCKETS_MAX: u32 = isDefined(LIMIT_SOCKETS) ? LIMIT_SOCKETS : 4;
export const TCP_SEND_SIZE: u32 = isDefined(LIMIT_TCP_SEND) ? LIMIT_TCP_SEND : 1344;
export const TCP_RECEIVE_SIZE: u32 = isDefined(LIMIT_TCP_RECEIVE) ? LIMIT_TCP_RECEIVE : 1344;
/** Sessions of TLS for who connects to us: the others of the board are there to join, to admit and to ask with. */
export const SERVED_MAX: u32 = isDefined(LIMIT_SERVED) ? LIMIT_SERVED : 1;
/** Peers that wait for a connection, or let the time of theirs pass, and are remembered for it. */
export const PATIENCE_MAX: u32 = 8;
/** Ports that are listened to, those with TLS among them, and names of connections that rest. */
export const LISTENERS_MAX: u32 = isDefined(LIMIT_LISTENERS) ? LIMIT_LISTENERS : 2;
export const SECURE_PORTS_MAX: u32 = 1;
export const TIME_WAITS_MAX: u32 = 8;

/** Links on which questions about names are answered, and answers to one alone in a second of each. */
export const NAMES_LINKS: u32 = isDefined(LIMIT_NAMES_LINKS) ? LIMIT_NAMES_LINKS : 1;
export const NAMES_ALONE_MAX: u32 = 8;

// Of a border router's second link
/** Neighbours on Ethernet, and those of them that are asked for who they are: each keeps a packet waiting. */
export const ETHERNET_NEIGHBOURS_MAX: u32 = isDefined(LIMIT_ETHERNET_NEIGHBOURS) ? LIMIT_ETHERNET_NEIGHBOURS : 8;
export const ETHERNET_ASKED_MAX: u32 = 3;
/** Packets of outside that wait for the radio. */
export const OUTSIDE_MAX: u32 = 4;
/** Conversations that devices of the network began with the outside; one device alone keeps so many. */
export const FLOWS_MAX: u32 = isDefined(LIMIT_FLOWS) ? LIMIT_FLOWS : 16;
export const FLOWS_OF_ONE_MAX: u32 = 8;
/** Services in the network that the outside may reach. */
export const OPENED_MAX: u32 = isDefined(LIMIT_OPENED) ? LIMIT_OPENED : 8;

// Key slots of the board, behind those of phase 1: who goes back to it finds its own.  Of each network key, two that are derived from it;
// one more for the network key while they are made.
export const NETWORK_KEYS: u32 = 3;
export const KEY_SLOT_MLE: u32 = 72;
export const KEY_SLOT_MAC: u32 = KEY_SLOT_MLE + 1;
export const KEY_SLOT_NETWORK: u32 = KEY_SLOT_MLE + 2 * NETWORK_KEYS;
/** The first slot that is free for the layers above. */
export const KEY_SLOT_FREE: u32 = KEY_SLOT_NETWORK + 1;
const BOARD_KEY_SLOTS: u32 = 80;

if (PACKETS_LARGE_MAX < 2 || PACKETS_SMALL_MAX < 4) ERROR("one packet is sent while another is received");
if (DATAGRAMS_CLEAR_MAX >= DATAGRAMS_MAX) ERROR("strangers would keep members from being heard");
if (DATAGRAMS_CLEAR_MAX >= PACKETS_LARGE_MAX) ERROR("strangers would take every packet");
if (DATAGRAMS_MAX >= PACKETS_LARGE_MAX) ERROR("what is put together would leave no packet to answer with");
if (HELD_MAX >= PACKETS_SMALL_MAX) ERROR("children that sleep would keep all packets");
if (CONTEXTS_MAX > 16) ERROR("a context has a number of four bits");
if (REPEATED_MAX >= PACKETS_LARGE_MAX) ERROR("what is repeated would take every packet");
if (FLOWS_OF_ONE_MAX >= FLOWS_MAX) ERROR("one device would keep the others from the outside");
if (ETHERNET_ASKED_MAX >= ETHERNET_NEIGHBOURS_MAX) ERROR("who does not answer would keep neighbours from their rows");
if (KEY_SLOT_FREE > BOARD_KEY_SLOTS) ERROR("the board's key store has 80 slots: docs/abi.md");
if (LINKS_MAX == 0) ERROR("each device has a parent or a child");
