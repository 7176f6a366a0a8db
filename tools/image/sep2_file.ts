// The IEEE 2030.5 resource File that announces a package to clients of phase 2: elements in the schema's order.

export interface Sep2File {
  uri: string;
  /** Seconds since 1970; clients load at once and wait with activating until then. */
  activateTime?: number;
  /** 20 octets: only for this device. */
  lfdi?: Buffer;
  hardwareVersion: string;
  /** IANA private enterprise number. */
  manufacturerId: number;
  model: string;
  version: string;
  size: number;
}

/** Bit 0 of File.type: a software image. */
const TYPE_SOFTWARE_IMAGE = 0x0001;
const NAMESPACE = "urn:ieee:std:2030.5:ns";

export function sep2FileXml(file: Sep2File): string {
  const elements: [string, string | undefined][] = [
    ["activateTime", file.activateTime === undefined ? undefined : String(file.activateTime)],
    ["fileURI", file.uri],
    ["lFDI", file.lfdi?.toString("hex").toUpperCase()],
    ["mfHwVer", file.hardwareVersion],
    ["mfID", String(file.manufacturerId)],
    ["mfModel", file.model],
    ["mfVer", file.version],
    ["size", String(file.size)],
    ["type", TYPE_SOFTWARE_IMAGE.toString(16).toUpperCase().padStart(4, "0")],
  ];
  const lines = elements.flatMap(([name, value]) => (value === undefined ? [] : [`  <${name}>${escaped(value)}</${name}>`]));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<File xmlns="${NAMESPACE}" href="/file/1">\n${lines.join("\n")}\n</File>\n`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
