# A pair of pseudo-terminals: names the one that a program opens, and joins the other to this process's input and output.
import os
import select
import sys

inner, outer = os.openpty()
sys.stderr.write(os.ttyname(outer) + "\n")
sys.stderr.flush()
while True:
    ready, _, _ = select.select([0, inner], [], [])
    for source, target in ((0, inner), (inner, 1)):
        if source not in ready:
            continue
        octets = os.read(source, 4096)
        if not octets:
            sys.exit(0)
        os.write(target, octets)
