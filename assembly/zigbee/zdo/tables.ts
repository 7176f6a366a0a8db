// What routers and the coordinator tell of their tables, a part at a time: 05-3474 section 2.4.4.3.
//
//   Mgmt_Lqi_req, Mgmt_Rtg_req, Mgmt_Bind_req   | first row 1 |
//   their answers                               | status 1 | rows 1 | first row 1 | count 1 | as many rows as fit ... |
import { bindingAt } from "../aps/binding";
import { apsHeard } from "../aps/types";
import { BINDINGS_MAX, NEIGHBOURS_MAX, ROUTES_MAX } from "../limits";
import { nwkExtended } from "../nwk/nwk";
import { nwkRoutePut } from "../nwk/route";
import { nwkNeighbourPut } from "../nwk/told";
import { TABLE_BINDINGS, TABLE_NEIGHBOURS, TABLE_ROUTES, ZDO_ROOM, ZDO_SUCCESS, zdoBindEmit } from "./message";
import { ZDO_FIELDS, zdoReply } from "./zdo";

const HEAD: u32 = 4;
const ROWS_MAX: u32 = 32;
if (NEIGHBOURS_MAX > ROWS_MAX || ROUTES_MAX > ROWS_MAX || BINDINGS_MAX > ROWS_MAX) ERROR("a table is told to its end");

/** Answers the message in `apsHeard` if it asks for a table; false when it is another's.  A question to all is none of ours. */
export function zdoTables(now: i64): bool {
  let cluster = apsHeard.cluster;
  if (cluster < TABLE_NEIGHBOURS || cluster > TABLE_BINDINGS || apsHeard.size < 2) return false;
  if (apsHeard.targetEndpoint | apsHeard.profile | apsHeard.broadcast) return false;
  let first: u32 = load<u8>(apsHeard.payload, 1);
  let end = ZDO_FIELDS + HEAD;
  let rows: u32 = 0;
  let told: u32 = 0;
  for (let index: u32 = 0; index < ROWS_MAX; index++) {
    let size = rowPut(cluster, index, end);
    if (size == 0 || rows++ < first || end + size > ZDO_FIELDS + ZDO_ROOM) continue;
    end += size;
    told++;
  }
  store<u8>(ZDO_FIELDS, ZDO_SUCCESS);
  store<u8>(ZDO_FIELDS, rows, 1);
  store<u8>(ZDO_FIELDS, first, 2);
  store<u8>(ZDO_FIELDS, told, 3);
  zdoReply(<u32>(end - ZDO_FIELDS), now);
  return true;
}

/** Writes a row of a table; answers its size, 0 where there is none. */
function rowPut(cluster: u32, index: u32, at: usize): u32 {
  if (cluster == TABLE_NEIGHBOURS) return nwkNeighbourPut(index, at);
  if (cluster == TABLE_ROUTES) return nwkRoutePut(index, at);
  if (index >= BINDINGS_MAX) return 0;
  let row = bindingAt(index);
  return row.sourceEndpoint ? zdoBindEmit(at, nwkExtended(), row.sourceEndpoint, row.cluster, row.extended, row.targetEndpoint) : 0;
}
