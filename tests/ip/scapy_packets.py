"""Writes packets that scapy makes, a line each: what becomes of it, a name, its octets.

`drop`: it is counted and nothing answers.  `live`: whatever it is, the module goes on.  `piece`: of 6LoWPAN, in the order of the lines.
"""

import random
import sys

from scapy.all import (
    AH, ESP, ICMPv6EchoRequest, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, Pad1,
    PadN, Raw, TCP, UDP, Jumbo, RouterAlert, HBHOptUnknown, fuzz,
)
from scapy.layers.sixlowpan import LoWPANFragmentationFirst, LoWPANFragmentationSubsequent

US = sys.argv[1]
THEM = sys.argv[2]
COUNT = int(sys.argv[3])
random.seed(int(sys.argv[4]))


def ip(**fields):
    return IPv6(**{"src": THEM, "dst": US, **fields})


def say(fate, name, packet):
    print(fate, name.replace(" ", "_"), bytes(packet).hex())


SYN = TCP(sport=4000, dport=80, flags="S", seq=1)
GOOD = bytes(ip() / SYN)


def changed(at, value, octets=GOOD):
    octets = bytearray(octets)
    octets[at] = value
    return bytes(octets)


# IPv6
say("drop", "nothing but a head", GOOD[:40])
say("drop", "half a head", GOOD[:20])
say("drop", "version 4", changed(0, 0x40))
say("drop", "version 7", changed(0, 0x70))
say("drop", "longer than it is", changed(5, 200))
say("drop", "a length of nothing", changed(5, 0))
say("drop", "from a group", ip(src="ff02::1") / SYN)
say("drop", "to a group", ip(dst="ff02::1") / SYN)
say("drop", "from the loopback", ip(src="::1") / SYN)
say("drop", "no next header", ip(nh=59) / Raw(b"x" * 20))
say("drop", "a header that nobody knows", ip(nh=253) / Raw(b"x" * 20))
say("drop", "SCTP", ip(nh=132) / Raw(b"x" * 20))

# Extension headers
say("drop", "hop by hop behind another", ip() / IPv6ExtHdrDestOpt() / IPv6ExtHdrHopByHop() / SYN)
say("drop", "hop by hop twice", ip() / IPv6ExtHdrHopByHop() / IPv6ExtHdrHopByHop() / SYN)
for kind in (0x43, 0x83, 0xC3):
    say("drop", f"option {kind:#x} in hop by hop", ip() / IPv6ExtHdrHopByHop(options=[HBHOptUnknown(otype=kind, optdata=b"abc")]) / SYN)
    say("drop", f"option {kind:#x} for the target", ip() / IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=kind, optdata=b"abc")]) / SYN)
say("drop", "an option beyond its header", ip() / IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=3, optlen=200, optdata=b"abc")]) / SYN)
say("drop", "a header beyond the packet", ip() / IPv6ExtHdrDestOpt(len=255) / SYN)
say("drop", "options cut off", bytes(ip() / IPv6ExtHdrHopByHop() / SYN)[:44])
say("drop", "jumbo", ip(plen=0) / IPv6ExtHdrHopByHop(options=[Jumbo(jumboplen=70000)]) / SYN)
say("live", "router alert", ip() / IPv6ExtHdrHopByHop(options=[RouterAlert()]) / SYN)
chain = ip()
for _ in range(60):
    chain = chain / IPv6ExtHdrDestOpt(options=[Pad1(), PadN(optdata=b"\0" * 3)])
say("live", "sixty headers", chain / SYN)
for kind in (0, 2, 3, 4, 200):
    say("drop", f"routing {kind} with segments left", ip() / IPv6ExtHdrRouting(type=kind, segleft=1, addresses=[US]) / SYN)
say("drop", "more segments left than there are", ip() / IPv6ExtHdrRouting(type=3, segleft=200, addresses=[US]) / SYN)
say("drop", "segments without addresses", ip() / IPv6ExtHdrRouting(type=3, segleft=9, addresses=[]) / SYN)
say("drop", "addresses compressed beyond sense", ip() / IPv6ExtHdrRouting(type=3, segleft=3, reserved=0xFFF00000, addresses=[US, US]) / SYN)
say("drop", "authentication", ip() / AH(icv=b"\0" * 12) / SYN)
say("drop", "encryption", ip() / ESP(spi=1, seq=1, data=b"x" * 40))
say("drop", "a tunnel in a tunnel in a tunnel", ip() / ip() / ip() / ip() / ip() / ip() / SYN)

# Fragments: nothing of ours is larger than a link, and none is put together
for name, fields in {
    "the first": {"offset": 0, "m": 1}, "the last": {"offset": 10, "m": 0}, "a tiny one": {"offset": 1, "m": 1},
    "beyond all": {"offset": 0x1FFF, "m": 1}, "overlapping": {"offset": 2, "m": 0},
}.items():
    say("drop", f"fragment, {name}", ip() / IPv6ExtHdrFragment(id=7, nh=6, **fields) / Raw(bytes(SYN)))
say("live", "fragment, the only one", ip() / IPv6ExtHdrFragment(id=8, offset=0, m=0) / SYN)

# UDP
for size in (0, 7, 9, 65535):
    say("drop", f"UDP of {size}", ip() / UDP(sport=1, dport=7, len=size) / Raw(b"abc"))
say("drop", "UDP without a sum", ip() / UDP(sport=1, dport=7, chksum=0) / Raw(b"abc"))
say("drop", "UDP cut off", bytes(ip(plen=4) / UDP(sport=1, dport=7))[:44])

# TCP
for name, fields in {
    "a wrong sum": {"chksum": 1}, "an offset of 4": {"dataofs": 4}, "an offset of 0": {"dataofs": 0}, "an offset of 15": {"dataofs": 15},
    "from port 0": {"sport": 0}, "to port 0": {"dport": 0}, "SYN and FIN": {"flags": "SF"}, "SYN and RST": {"flags": "SR"},
    "everything": {"flags": "FSRPAUEC"},
}.items():
    say("drop", f"TCP, {name}", ip() / TCP(**{"sport": 4000, "dport": 80, "flags": "S", "seq": 1, **fields}))
for name, octets in {
    "of no size": b"\x02\x00\x01\x01", "of size 1": b"\x02\x01\x01\x01", "beyond the head": b"\x02\x08\x01\x01", "cut off": b"\x01\x01\x01\x02",
    "unknown, beyond": b"\xfe\xff\x01\x01",
}.items():
    say("drop", f"TCP option {name}", bytes(ip() / TCP(sport=4000, dport=80, flags="S", seq=1, dataofs=6) / Raw(octets)))
for name, options in {
    "a size of 0": [("MSS", 0)], "a size of 1": [("MSS", 1)], "a size of 65535": [("MSS", 65535)], "two sizes": [("MSS", 64), ("MSS", 1220)],
    "as Linux": [("MSS", 1220), ("SAckOK", b""), ("Timestamp", (1, 0)), ("NOP", None), ("WScale", 14)],
}.items():
    say("live", f"TCP, {name}", ip() / TCP(sport=4000, dport=80, flags="S", seq=1, options=options))
say("live", "urgent", ip() / TCP(sport=4001, dport=80, flags="AU", seq=1, ack=1, urgptr=65535) / Raw(b"x"))

# What goes on the air in pieces: sizes that lie, pieces over pieces
whole = bytes(ip() / ICMPv6EchoRequest(data=b"y" * 300))


def first(size, tag, octets):
    say("piece", f"first of {size}", LoWPANFragmentationFirst(datagramSize=size, datagramTag=tag) / Raw(b"\x41" + octets))


def further(size, tag, offset, octets):
    say("piece", f"of {size} at {offset}", LoWPANFragmentationSubsequent(datagramSize=size, datagramTag=tag, datagramOffset=offset) / Raw(octets))


for tag, (size, later) in enumerate([(348, 348), (48, 48), (2047, 2047), (348, 340), (340, 348), (0, 348), (348, 0), (1281, 1281)]):
    first(size, tag, whole[:80])
    further(later, tag, 10, whole[80:160])
    further(later, tag, 10, b"\xff" * 80)
    further(later, tag, 9, b"\xfe" * 96)
    further(later, tag, 255, b"\xfd" * 80)
    further(later, tag, 20, whole[160:173])
    further(later, tag, 0, whole[:80])
    further(later, tag, 40, whole[320:])
for count in range(40):
    further(1280, 1000 + count, 10, b"z" * 80)
    first(1280, 2000 + count, whole[:80])

# By chance
for count in range(COUNT):
    upper = random.choice([TCP(), UDP(), ICMPv6EchoRequest()])
    middle = random.choice([None, IPv6ExtHdrHopByHop(), IPv6ExtHdrDestOpt(), IPv6ExtHdrRouting(), IPv6ExtHdrFragment()])
    packet = fuzz(middle) / fuzz(upper) if middle else fuzz(upper)
    try:
        octets = bytes(ip() / packet / Raw(bytes(random.randrange(256) for _ in range(random.randrange(60)))))
    except Exception:
        continue
    say("live", "chance", octets[:1280])
