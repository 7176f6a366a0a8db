"""Writes messages of DNS and RPL that scapy makes, a line each: what becomes of it, whose it is, a name, its octets.

`refuse`: it is no message.  `take`: it is one.  `live`: whatever it is, nothing is read beyond it, and nothing written.
"""

import random
import sys

from scapy.all import DNS, DNSQR, DNSRR, DNSRRSRV, Raw, fuzz
from scapy.contrib.rpl import (
    RPLDAO, RPLDAOACK, RPLDIO, RPLDIS, ICMPv6RPL, RPLOptDODAGConfig, RPLOptPadN, RPLOptPIO, RPLOptRIO, RPLOptTgt, RPLOptTIO,
)

COUNT = int(sys.argv[1])
random.seed(int(sys.argv[2]))


def say(fate, whose, name, octets):
    print(fate, whose, name.replace(" ", "_"), bytes(octets).hex() or "-")


TYPE = "_smartenergy._tcp.local"
QUESTION = bytes(DNS(id=0, rd=0, qd=DNSQR(qname=TYPE, qtype="PTR")))
ANSWER = DNS(id=0, qr=1, aa=1, rd=0, qd=None, an=DNSRR(rrname=TYPE, type="PTR", ttl=120, rdata="hub." + TYPE))


def dns(questions=0, answers=0, body=b""):
    return b"\0\0\0\0" + questions.to_bytes(2, "big") + answers.to_bytes(2, "big") + b"\0\0\0\0" + body


say("take", "dns_message", "a question", QUESTION)
say("take", "dns_message", "an answer", ANSWER)
say("take", "dns_message", "a service", DNS(qr=1, rd=0, qd=None, an=DNSRRSRV(rrname="hub." + TYPE, type="SRV", port=80, target="hub.local")))
TAIL = b"\0\x0c\0\1"
for place in (0, 11, 12, 13, 14, 16, 0x3FFF):
    say("refuse", "dns_message", f"a pointer to {place}", dns(1, 0, b"\1a" + (0xC000 | place).to_bytes(2, "big") + TAIL))
say("refuse", "dns_message", "a ring of three", dns(3, 0, b"\1a\xc0\x14" + TAIL + b"\1b\xc0\x1c" + TAIL + b"\1c\xc0\x0c" + TAIL))
ring = b"".join(b"\xc0" + bytes([12 + 6 * ((index + 1) % 30)]) + TAIL for index in range(30))
say("refuse", "dns_message", "a ring of thirty", dns(30, 0, ring))
chain = b"\1a\0" + TAIL + b"".join(b"\xc0" + bytes([12 if index == 0 else 19 + 6 * (index - 1)]) + TAIL for index in range(30))
say("take", "dns_message", "a chain of thirty", dns(31, 0, chain))
say("refuse", "dns_message", "a name that grows by its pointers", dns(5, 0, b"\x3f" + b"x" * 63 + b"\0" + TAIL
    + b"\x3f" + b"y" * 63 + b"\xc0\x0c" + TAIL + b"\x3f" + b"z" * 63 + b"\xc0\x51" + TAIL + b"\x3f" + b"w" * 63 + b"\xc0\x97" + TAIL + b"\0" + TAIL))
for count in (97, 1000, 65535):
    say("refuse", "dns_message", f"{count} questions", dns(count, 0, (b"\0" + TAIL) * 200))
for size in range(len(QUESTION)):
    say("refuse" if size != 12 else "live", "dns_message", f"{size} octets of a question", QUESTION[:size])
for size in range(len(bytes(ANSWER))):
    say("refuse", "dns_message", f"{size} octets of an answer", bytes(ANSWER)[:size])

DIO = ICMPv6RPL() / RPLDIO(rank=256, dodagid="fd00::1")
PREFIX = RPLOptPIO(plen=64, prefix="fd00::")
for name, message in {
    "DIS": ICMPv6RPL() / RPLDIS(),
    "DIO": DIO,
    "DIO with a configuration": DIO / RPLOptDODAGConfig(),
    "DIO with a prefix and a route": DIO / PREFIX / RPLOptRIO(plen=64, prefix="fd00::"),
    "DAO": ICMPv6RPL() / RPLDAO() / RPLOptTgt(plen=128, prefix="fd00::2") / RPLOptTIO(pathlifetime=64, parentaddr="fd00::1"),
    "DAO-ACK": ICMPv6RPL() / RPLDAOACK(),
    "padding": DIO / RPLOptPadN(optdata=b"\0" * 5),
}.items():
    octets = bytes(message)
    say("take", "rpl_message", name, octets)
    say("refuse", "rpl_message", f"{name} and half an option", octets + b"\4")
    say("refuse", "rpl_message", f"{name} and an option beyond it", octets + b"\4\x0e\0\0")
    say("refuse", "rpl_message", f"{name}, secured", octets[:1] + bytes([octets[1] | 0x80]) + octets[2:])
    for size in range(1, 6):
        say("refuse", "rpl_message", f"{size} octets of {name}", octets[:size])
for name, octets in {
    "a configuration of one octet": b"\4\1\0", "a prefix of 129 bits": bytes(PREFIX)[:2] + b"\x81" + bytes(PREFIX)[3:],
    "a route of more bits than octets": b"\3\6\x40\0\0\0\0\0", "a target of more bits than octets": b"\5\2\0\x40",
}.items():
    say("refuse", "rpl_message", name, bytes(DIO) + octets)

for count in range(COUNT):
    for whose, made in (
        ("dns_message", fuzz(DNS()) / Raw(bytes(random.randrange(256) for _ in range(random.randrange(40))))),
        ("rpl_message", ICMPv6RPL() / fuzz(random.choice([RPLDIO, RPLDAO, RPLDAOACK, RPLDIS])())
            / fuzz(random.choice([RPLOptPIO, RPLOptRIO, RPLOptTgt, RPLOptTIO, RPLOptDODAGConfig])())),
    ):
        try:
            say("live", whose, "chance", bytes(made)[:512])
        except Exception:
            continue
