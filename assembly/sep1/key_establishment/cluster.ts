// Key Establishment cluster: SE profile annex C.3.  Numbers, and what its procedure says to the stack above it.

export const CLUSTER_KEY_ESTABLISHMENT: u32 = 0x0800;

// Commands; a request to the server and a response to the client share their number.
export const COMMAND_INITIATE: u32 = 0;
export const COMMAND_EPHEMERAL: u32 = 1;
export const COMMAND_CONFIRM: u32 = 2;
export const COMMAND_TERMINATE: u32 = 3;

export enum KeOutput { None = 0, Command = 1 }

/** What to send after a call: at most one command. */
@unmanaged @final
export class KeOut {
  partner: u64;
  payload: usize;
  size: u32;
  commandId: u32;
  kind: u32;      // KeOutput
  toServer: bool;
}

export enum KeOutcome { None = 0, Done = 1, Failed = 2 }

/** How an exchange ended, after the call in which it ended. */
@unmanaged @final
export class KeResult {
  partner: u64;
  kind: u32;       // KeOutcome
  suite: u32;
  /** Of a failure: the status of C.3.1.2.3.7 that was sent or received, or 0 where the partner fell silent. */
  status: u32;
  /** Of a failure: seconds that the partner asked to wait before another attempt. */
  wait: u32;
  initiator: bool; // our role
}
