// The network key as PANA carries it, and what is made of it: the keys of MLE and of the MAC.
//
//   | key 16 | index 1 | authentication counter 1 |      HMAC-SHA-256(key, "ZigBeeIP") = | key of MLE 16 | key of the MAC 16 |
//
// The board derives the two into their slots; the network key itself is nowhere but, on the way, in one slot that is emptied again.
import { wipe } from "../../core/bytes";
import { Err } from "../../core/err";
import { keysTake } from "../keys";
import { AVP_ENCRYPTED, AVP_NETWORK_KEY, avpEmit, avpFind, avpsParse, NETWORK_KEY_AVP_SIZE, Pana, panaAppend, panaFind } from "./message";
import { panaCrypt } from "./keys";

export const NETWORK_KEY_SIZE: u32 = 16;
/** The attribute, with its vendor and what fills it up. */
const ATTRIBUTE_SIZE: u32 = 32;

const value = memory.data(NETWORK_KEY_AVP_SIZE);

/** Takes the network key that a message of the agent holds, as `rank`; answers its index, `NotFound` where there is none, or an `Err`. */
export function networkKeyTake(message: Pana, keyId: u32, keys: u32, rank: u32): i32 {
  let encrypted = panaFind(message, AVP_ENCRYPTED);
  if (!encrypted) return Err.NotFound;
  let at = encrypted.value;
  let size = encrypted.size;
  let answer = panaCrypt(message, keyId, at, size, keys);
  if (answer >= 0) answer = avpsParse(at, size);
  if (answer >= 0) {
    let found = avpFind(at, size, AVP_NETWORK_KEY);
    answer = found ? install(found.value, rank) : Err.NotFound;
  }
  wipe(at, size);
  return answer;
}

function install(at: usize, rank: u32): i32 {
  let index: u32 = load<u8>(at, NETWORK_KEY_SIZE);
  let answer = keysTake(index, at, rank);
  return answer < 0 ? answer : <i32>index;
}

/** Adds a network key to a message of the agent, encrypted; answers 0 or an `Err`. */
export function networkKeyAppend(message: Pana, keyId: u32, keys: u32, key: usize, index: u32): i32 {
  memory.copy(value, key, NETWORK_KEY_SIZE);
  store<u8>(value, index, NETWORK_KEY_SIZE);
  store<u8>(value, 0, NETWORK_KEY_SIZE + 1);
  let at = panaAppend(message, AVP_ENCRYPTED, 0, ATTRIBUTE_SIZE);
  avpEmit(at, AVP_NETWORK_KEY, value, NETWORK_KEY_AVP_SIZE);
  wipe(value, NETWORK_KEY_AVP_SIZE);
  return panaCrypt(message, keyId, at, ATTRIBUTE_SIZE, keys);
}
