// Our name on Ethernet, where anybody may have it: RFC 6762 sections 8 and 9.  In the mesh it is of an address that nobody else has.
//
//   Resting --the link's addresses are ours--> Probing (three, a quarter of a second apart) --> Telling (twice, a second apart) --> Ours
//      ^        somebody has the name: another one, and again, a second later --^  \ somebody wants it as well: again, a second later
//      \---- the addresses are no longer ours ----/
import { NEVER } from "../../core/timers";
import { NAMES_LINKS } from "../limits";
import { LINK_ETHERNET } from "../packet";
import { randomBelow } from "../random";
import { answerAsk, answerBegin, answerEnd, answerMessage, answerSay } from "./answer";
import { DNS_AAAA, DNS_ANSWER, DNS_ANY, DNS_PORT, DNS_SRV, Dns, QUESTION_FIXED, entryOf } from "./message";
import { responderGroup, responderHush, responderTell } from "./responder";
import { SAYS_ADDRESS, SAYS_SERVICE, ServiceName, service, serviceFind, serviceRename, serviceSame } from "./services";

enum Step { Resting = 0, Probing, Telling, Ours }

const BETWEEN_MS: i64 = 250;
const PROBES: u32 = 3;
const TELL_MS: i64 = 1_000;
const TOLD: u32 = 2;
const AGAIN_MS: i64 = 1_000;
/** After so many conflicts it goes slower: section 8.1. */
const CONFLICTS: u32 = 15;
const SLOWLY_MS: i64 = 5_000;

@unmanaged @final
class Probe {
  due: i64;
  step: i32;
  sent: u32;
  conflicts: u32;
}
const probe = changetype<Probe>(memory.data(offsetof<Probe>(), 8));

export function probeReset(): void {
  memory.fill(changetype<usize>(probe), 0, offsetof<Probe>());
  probe.due = NEVER;
}

/** Whether the name is ours, and questions are answered. */
export function probeDone(): bool { return probe.step >= Step.Telling; }
export function probeDeadline(): i64 { return probe.due; }

/** Does what is due; `isReady`: we have addresses there. */
export function probeTick(isReady: bool, now: i64): void {
  if (isReady != (probe.step != Step.Resting)) {
    responderHush(LINK_ETHERNET);
    probe.step = isReady ? Step.Probing : Step.Resting;
    probe.sent = 0;
    probe.due = isReady ? now + randomBelow(<u32>BETWEEN_MS) : NEVER;
  }
  if (probe.due > now) return;
  switch (probe.step) {
    case Step.Probing: {
      if (probe.sent == PROBES) {
        probe.step = Step.Telling;
        probe.sent = 0;
        tell(now);
      } else ask(now);
      return;
    }
    case Step.Telling: { tell(now); return; }
    default: probe.due = NEVER;
  }
}

/** A message that was accepted, from multicast DNS's own port: whether somebody else has our name, or wants it. */
export function probeInput(at: usize, now: i64): void {
  let message = changetype<Dns>(at);
  let isAnswer = (message.flags & DNS_ANSWER) != 0;
  if (probe.step == Step.Resting || (!isAnswer && probe.step != Step.Probing) || !isContested(message)) return;
  if (isAnswer && probe.step == Step.Probing) {
    probe.conflicts++;
    serviceRename(service.others + 1);
  }
  probe.step = Step.Probing;
  probe.sent = 0;
  probe.due = now + (probe.conflicts < CONFLICTS ? AGAIN_MS : SLOWLY_MS) + randomBelow(<u32>BETWEEN_MS);
  responderHush(LINK_ETHERNET);
}

/** Whether a record has our name and says something else. */
function isContested(message: Dns): bool {
  let at = changetype<usize>(message);
  let place = message.first;
  for (let count = message.questions; count > 0; count--) place = changetype<usize>(entryOf(place)) + QUESTION_FIXED;
  for (let count = message.records; count > 0; count--) {
    let entry = entryOf(place);
    let name = serviceFind(at, place);
    let isOne = (name == ServiceName.Host && entry.type == DNS_AAAA) || (name == ServiceName.Instance && entry.type == DNS_SRV);
    if (isOne && entry.seconds > 0 && !service.isSite && !serviceSame(at, place, entry, LINK_ETHERNET)) return true;
    place = entry.data + entry.size;
  }
  return false;
}

/** Who else has this name? */
function ask(now: i64): void {
  probe.due = now + BETWEEN_MS;
  probe.sent++;
  if (!answerBegin(LINK_ETHERNET, false, 0, 0)) return;
  answerAsk(DNS_ANY, false);
  answerAsk(DNS_ANY, true);
  let message = answerMessage();
  message.questions = 2;
  message.authority = answerSay(SAYS_SERVICE | SAYS_ADDRESS, 0);
  answerEnd(responderGroup(false), DNS_PORT, now);
}

function tell(now: i64): void {
  responderTell(LINK_ETHERNET, now);
  probe.sent++;
  probe.due = now + TELL_MS;
  if (probe.sent == TOLD) {
    probe.step = Step.Ours;
    probe.due = NEVER;
  }
}

if (NAMES_LINKS <= LINK_ETHERNET) ERROR("questions of Ethernet are answered as well");
