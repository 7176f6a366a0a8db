// Messages of ND, RPL and MPL, octet by octet, for the tests of the mesh.
import { addressOf, extendedOf, linkLocalOf, packetOf } from "./mesh_net.ts";

export const ALL = Buffer.from("ff020000000000000000000000000001", "hex");
export const ROUTERS = Buffer.from("ff02000000000000000000000000001a", "hex");
export const REALM = Buffer.from("ff030000000000000000000000000001", "hex");
export const STRANGER = Buffer.from("fd000db8000000010000000000000666", "hex");
export const OTHER_PREFIX = Buffer.from("fd00666600000001020000000000666a", "hex");
const EXTENDED_AT_8 = (index: number): Buffer => {
  const octets = Buffer.alloc(8);
  octets.writeBigUInt64BE(extendedOf(index));
  return octets;
};
export const cat = (...parts: (Buffer | number[])[]): Buffer => Buffer.concat(parts.map((part) => Buffer.from(part)));
export const ZEROS = (count: number): number[] => Array(count).fill(0);
const FOREVER = [0xff, 0xff, 0xff, 0xff];

export const rpl = (code: number, ...parts: (Buffer | number[])[]): Buffer => cat([155, code, 0, 0], ...parts);
export const dio = (rank: number, options: Buffer, version = 240, dodag = addressOf(0), mode = 0x88, instance = 0): Buffer =>
  rpl(1, [instance, version, rank >> 8, rank & 0xff, mode, 240, 0, 0], dodag, options);
export const sender = (address: Buffer): Buffer => cat([8, 30, 64, 0x20], FOREVER, FOREVER, ZEROS(4), address);
export const target = (address: Buffer, bits = 128): Buffer => cat([5, 18, 0, bits], address);
export const transit = (parent: Buffer, flags = 0, lifetime = 64, sequence = 250): Buffer =>
  cat([6, 20, flags, 0xc0, sequence, lifetime], parent);
export const dao = (...options: Buffer[]): Buffer => rpl(2, [0, 0x00, 0, 250], ...options);
export const near = (message: Buffer, from = 2, to: Buffer = ROUTERS, hops = 255): Buffer =>
  packetOf(linkLocalOf(from), to, hops, 58, message);
export const routed = (message: Buffer, from: Buffer, to: Buffer, hops = 64): Buffer => packetOf(from, to, hops, 58, message);
export const abro = (version: number, address: Buffer): Buffer =>
  cat([35, 3, version & 0xff00 ? 1 : 0, version & 0xff, 0, version >> 16, 0, 0], address);
export const pio = (address: Buffer, bits = 64, flags = 0x60, valid = FOREVER, preferred = FOREVER): Buffer =>
  cat([3, 4, bits, flags], valid, preferred, ZEROS(4), address);
export const ra = (...options: Buffer[]): Buffer => cat([134, 0, 0, 0, 64, 0, 4, 0], ZEROS(8), ...options);
export const aro = (status: number, minutes: number, index: number): Buffer =>
  cat([33, 2, status, 0, 0, 0, 0, minutes], EXTENDED_AT_8(index));
export const sllao = (index: number): Buffer => cat([1, 2], EXTENDED_AT_8(index), ZEROS(6));
export const ns = (address: Buffer, ...options: Buffer[]): Buffer => cat([135, 0, 0, 0], ZEROS(4), address, ...options);
export const na = (address: Buffer, ...options: Buffer[]): Buffer => cat([136, 0, 0, 0, 0xe0, 0, 0, 0], address, ...options);
export const duplicate = (type: number, status: number, minutes: number, index: number, address: Buffer): Buffer =>
  cat([type, 0, 0, 0, status, 0, 0, minutes], EXTENDED_AT_8(index), address);
export const srh = (left: number, ...addresses: Buffer[]): Buffer => cat([59, 2 * addresses.length, 3, left, 0, 0, 0, 0], ...addresses);
export const hops = (option: number[], next = 59): Buffer => cat([next, 0], option);
