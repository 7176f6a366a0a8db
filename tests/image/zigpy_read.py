"""Reads OTA files with zigpy and prints, for each path on standard input, a line of JSON: fields and elements, or an error."""

import hashlib
import json
import sys

from zigpy.ota.image import OTAImage

OPTIONS = {
    "credentialVersion": "security_credential_version",
    "destination": "upgrade_file_destination",
    "minimum": "minimum_hardware_version",
    "maximum": "maximum_hardware_version",
}


def octets(value):
    return None if value is None else value.serialize()[::-1].hex()


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    try:
        image, rest = OTAImage.deserialize(data)
    except Exception as error:  # whatever it raises is a refusal
        return {"error": f"{type(error).__name__}: {error}"}
    header = image.header
    return {
        "rest": len(rest),
        "head": header.serialize().hex(),
        "headerSize": header.header_length,
        "totalSize": header.image_size,
        "manufacturer": header.manufacturer_id,
        "imageType": header.image_type,
        "fileVersion": header.file_version,
        "stackVersion": header.stack_version,
        **{name: octets(getattr(header, field)) for name, field in OPTIONS.items()},
        "elements": [[int(e.tag_id), len(e.data), hashlib.sha256(e.data).hexdigest()] for e in image.subelements],
    }


for line in sys.stdin:
    print(json.dumps(read(line.rstrip("\n"))))
