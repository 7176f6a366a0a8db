# python-zeroconf looks for Smart Energy's services on an interface: a line for each, its name, port, addresses and properties.
import socket
import sys
import time

from zeroconf import IPVersion, ServiceBrowser, ServiceListener, Zeroconf

SERVICE = "_smartenergy._tcp.local."


class Found(ServiceListener):
    def __init__(self):
        self.names = []

    def add_service(self, zeroconf, kind, name):
        self.names.append(name)

    def update_service(self, zeroconf, kind, name):
        pass

    def remove_service(self, zeroconf, kind, name):
        pass


zeroconf = Zeroconf(interfaces=[socket.if_nametoindex(sys.argv[1])], ip_version=IPVersion.V6Only)
found = Found()
ServiceBrowser(zeroconf, SERVICE, found)
for _ in range(100):
    if found.names:
        break
    time.sleep(0.1)
for name in found.names:
    info = zeroconf.get_service_info(SERVICE, name, 5000)
    properties = " ".join(f"{key.decode()}={value.decode()}" for key, value in info.properties.items())
    print(name, info.server, info.port, ",".join(info.parsed_addresses()), properties)
zeroconf.close()
